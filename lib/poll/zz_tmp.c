#include "poll/wait.h"
const struct fn_wait_ops fn_wait_uring;
