namespace Agent.Bench.Peers;

/// <summary>The numbers of signal(7) that tests send.</summary>
public enum PosixSignalNumber
{
    None = 0,
    Hangup = 1,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18,
    Stop = 19,
}
