using Agent.Dns.Net;

namespace Agent.Host.Sockets;

/// <summary>How UDP is received.</summary>
internal sealed record UdpWorkerOptions
{
    /// <summary>Threads for each bound address; 0 leaves one core to the actors.</summary>
    public int Workers { get; init; }

    /// <summary>Datagrams per system call.</summary>
    public int BatchSlots { get; init; } = MmsgBatch.DefaultSlots;

    /// <summary>The longest datagram that is read.</summary>
    public int SlotBytes { get; init; } = MmsgBatch.DefaultSlotBytes;

    /// <summary>Receive buffer asked of the kernel for each socket.</summary>
    public int ReceiveBufferBytes { get; init; } = 4 << 20;

    /// <summary>Leaves the batched system calls aside.</summary>
    public bool Portable { get; init; }

    /// <summary>The number of threads that <see cref="Workers"/> means on this machine.</summary>
    public int EffectiveWorkers => Portable ? 1 : Workers > 0 ? Workers : Math.Max(1, Environment.ProcessorCount - 1);
}
