/* Keeps a processor busy until it is killed. */
int main(void)
{
	for (volatile unsigned int i = 0;; i++)
		;
}
