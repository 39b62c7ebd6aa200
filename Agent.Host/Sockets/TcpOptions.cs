namespace Agent.Host.Sockets;

/// <summary>How TCP is served, and within what bounds.</summary>
internal sealed record TcpOptions
{
    /// <summary>Connections that the kernel completes before we accept them.</summary>
    public int Backlog { get; init; } = 100;

    /// <summary>A connection ends when it has had nothing complete to read, nothing under way and nothing written for so long.</summary>
    public int IdleTimeoutMs { get; init; } = 10_000;

    /// <summary>A connection ends after so long whatever it does, unless a transfer is running.</summary>
    public int TotalTimeoutMs { get; init; } = 600_000;

    /// <summary>Connections of one client (IPv4 address, IPv6 /64); at the limit its longest idle one is closed for the new one.</summary>
    public int ConnectionsPerClient { get; init; } = 100;

    /// <summary>Connections in all; at the limit the longest idle one is closed for the new one.</summary>
    public int ConnectionsMax { get; init; } = 4096;

    /// <summary>Requests of one connection under way; beyond it the connection is not read until one is answered.</summary>
    public int PipelinedMax { get; init; } = 64;

    /// <summary>Octets waiting for a client that does not read; beyond it the connection is cut.</summary>
    public int WriteQueueBytesMax { get; init; } = 1 << 20;

    /// <summary>The longest request.</summary>
    public int MessageBytesMax { get; init; } = ushort.MaxValue;
}
