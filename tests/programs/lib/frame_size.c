/* A function whose frame is ROOM bytes large, at the same place whatever ROOM is. */
void work(void (*then)(void));

void work(void (*then)(void))
{
	volatile char room[ROOM];

	room[0] = 1;
	then();
	room[1] = 2;
}
