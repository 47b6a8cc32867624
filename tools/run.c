#include "command.h"
#include "complain.h"

int run_main(int argc, char **argv)
{
	(void)argc;
	return complain_cannot(argv[0], "not built in yet");
}
