/* data_file: the files that come with pointsman: in the build folder if this program runs from one, else where `make
 * install` put them. */
#ifndef POINTSMAN_DATA_FILE_H
#define POINTSMAN_DATA_FILE_H

/* Returns the build folder that this program, in one of its rooms ("BUILD/cli/pointsman"), runs from; NULL: none.
 * configure links the data to share/ there. Free with free(). */
char *data_build_folder(void);
/* Returns the path of a file or folder of share/pointsman. It may be missing. NULL: out of memory. Free with free(). */
char *data_file(const char *name);

#endif
