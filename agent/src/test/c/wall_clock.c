/*
 * Sets the wall clock of a process that is started with LD_PRELOAD=this, and of no other: it is ahead by the seconds
 * that stand in the file WALL_CLOCK, read at each question. All other clocks are left alone, as the kernel leaves them
 * when somebody sets the time.
 *
 *     gcc -shared -fPIC -nostdlib -o wall_clock.so wall_clock.c
 *
 * Needs no header, so that the compiler is all that has to be installed.
 */
#ifdef __x86_64__
#define CLOCK_GETTIME 228
#elif defined(__aarch64__)
#define CLOCK_GETTIME 113
#endif
#define REALTIME 0
#define REALTIME_COARSE 5

struct timespec {
  long seconds;
  long nanoseconds;
};

struct timeval {
  long seconds;
  long microseconds;
};

extern long syscall(long number, ...);
extern char *getenv(const char *name);
extern int open(const char *path, int flags, ...);
extern long read(int descriptor, void *buffer, unsigned long length);
extern int close(int descriptor);
extern long atol(const char *text);

static long ahead(void) {
  char text[32];
  const char *file = getenv("WALL_CLOCK");
  int descriptor = file ? open(file, 02000000) : -1;
  if (descriptor < 0) {
    return 0;
  }
  long length = read(descriptor, text, sizeof text - 1);
  close(descriptor);
  text[length < 0 ? 0 : length] = 0;
  return atol(text);
}

int clock_gettime(int clock, struct timespec *now) {
  int status = syscall(CLOCK_GETTIME, clock, now);
  if (status == 0 && (clock == REALTIME || clock == REALTIME_COARSE)) {
    now->seconds += ahead();
  }
  return status;
}

int gettimeofday(struct timeval *now, void *zone) {
  (void)zone;
  struct timespec precise;
  int status = clock_gettime(REALTIME, &precise);
  if (status == 0 && now) {
    now->seconds = precise.seconds;
    now->microseconds = precise.nanoseconds / 1000;
  }
  return status;
}

long time(long *seconds) {
  struct timespec now;
  clock_gettime(REALTIME_COARSE, &now);
  if (seconds) {
    *seconds = now.seconds;
  }
  return now.seconds;
}
