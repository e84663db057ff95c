/* A dynamic program of another C library, musl, that stands beside ours: as a hook it says whose environment it has got. It is
   linked without headers or start-up files, of which a machine with glibc has none for it. */
extern char **environ;
int puts(const char *text);
void exit(int status) __attribute__((noreturn));

__attribute__((force_align_arg_pointer)) void _start(void)
{
    for (char **word = environ; word && *word; word++) {
        const char *text = *word;
        if (text[0] == 'L' && text[1] == 'D' && text[2] == '_')
            puts(text);
    }
    puts("musl is here");
    exit(0);
}
