"""What still reads of a damaged journal, brought into a new run folder; the damaged one is never written.

SQLite itself gives up where a page on its way is broken. These modules read the file format directly
(https://www.sqlite.org/fileformat2.html): pages, trees and records, the WAL included.
"""
