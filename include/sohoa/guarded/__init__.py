"""Reading what others sent in processes of their own, within bounds of time and memory, and shut in by the kernel.

``process`` starts one and asks it, ``serve`` is what it runs, ``handover`` what goes between them, ``limits`` bounds
its memory and time, ``confine`` takes its rights away. Page files (``pages.guard``) and feed files (``feeds``) are read
this way.
"""
