using Agent.Host.Releases;
using System.Net;

namespace Agent.Host.Nodes;

/// <summary>The files of mutual TLS, PEM. They are read again at a new connection when they have changed.</summary>
/// <param name="AuthorityFile">Certificates of the authorities that peers' certificates must come from.</param>
/// <param name="CertificateFile">This node's certificate, and behind it those between it and the authority.</param>
/// <param name="KeyFile">Its private key.</param>
public sealed record NodeTlsFiles(string AuthorityFile, string CertificateFile, string KeyFile);

/// <summary>Where the link of a node listens, who it is, and its limits. The limits are explained in docs/node-link.md.</summary>
public sealed record NodeLinkOptions
{
    /// <summary>Name of the cluster; peers of another are refused.</summary>
    public required string Cluster { get; init; }

    /// <summary>Name of this node.</summary>
    public required string Node { get; init; }

    /// <summary>This run of the node.</summary>
    public required Guid Instance { get; init; }

    /// <summary>Where it listens; port 0 takes a free one.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>Where peers reach it, as host or host and port; null for the address it listens on.</summary>
    public string? Advertise { get; init; }

    /// <summary>Null for no TLS, which is for loopback only unless <see cref="AllowPlaintext"/>.</summary>
    public NodeTlsFiles? Tls { get; init; }

    /// <summary>Danger: whoever reaches the port is believed to be the node that he says.</summary>
    public bool AllowPlaintext { get; init; }

    /// <summary>The largest frame, both ways.</summary>
    public int MaxFrameOctets { get; init; } = 1 << 20;

    /// <summary>The most messages that wait for one peer.</summary>
    public int QueueFrames { get; init; } = 16_384;

    /// <summary>The most octets that wait for one peer.</summary>
    public int QueueOctets { get; init; } = 16 << 20;

    /// <summary>How many messages a peer may send before it hears that they were taken.</summary>
    public int WindowFrames { get; init; } = 4096;

    /// <summary>The most connections from peers; each peer has at most two.</summary>
    public int MaxConnections { get; init; } = 128;

    /// <summary>A link that hears nothing for this long is down.</summary>
    public TimeSpan SilenceMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A peer that lives and takes no message for this long loses its link.</summary>
    public TimeSpan StallMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long connection, TLS and greeting may take together.</summary>
    public TimeSpan GreetingMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Pause before the second attempt to reach a peer; it doubles up to <see cref="ReconnectMax"/>.</summary>
    public TimeSpan ReconnectMin { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between two attempts.</summary>
    public TimeSpan ReconnectMax { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Contents fetched at a time, from all peers together.</summary>
    public int MaxPulls { get; init; } = 16;

    /// <summary>Contents given at a time, to all peers together.</summary>
    public int MaxServedPulls { get; init; } = 64;

    /// <summary>Messages that may wait for a content.</summary>
    public int MaxWaiting { get; init; } = 4096;

    /// <summary>A fetched content that brings nothing for this long, or a peer that takes nothing of one, is given up.</summary>
    public TimeSpan PullSilenceMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Beyond <see cref="PullSilenceMax"/> a content may take the time that this rate gives it.</summary>
    public int PullRateMin { get; init; } = 256 * 1024;

    /// <summary>The most octets of a content that is fetched.</summary>
    public long MaxContentOctets { get; init; } = 8L << 30;

    /// <summary>How many contents are on offer to peers; the longest unused go first.</summary>
    public int OfferedContents { get; init; } = 8192;

    /// <summary>How many octets of contents in memory are on offer.</summary>
    public long OfferedOctets { get; init; } = 64 << 20;

    /// <summary>The versions of the protocol that are spoken; for tests of versions that are not there yet.</summary>
    internal ProtocolRange Versions { get; init; } = AgentRelease.Current.Link;

    /// <summary>What is wrong with the options; null when nothing is.</summary>
    public string? Problem()
    {
        if (Cluster.Length is 0 or > 255 || Node.Length is 0 or > 255) return "names of cluster and node have 1 to 255 characters";
        if (Tls is null && !AllowPlaintext && !IPAddress.IsLoopback(Listen.Address))
            return $"a node link without TLS listens on loopback only, and not on {Listen.Address}, unless plaintext is allowed";
        int[] counts = [QueueFrames, WindowFrames, MaxConnections, MaxPulls, MaxServedPulls, MaxWaiting, PullRateMin, OfferedContents];
        TimeSpan[] times = [SilenceMax, StallMax, GreetingMax, ReconnectMin, ReconnectMax, PullSilenceMax];
        if (counts.Any(count => count < 1) || times.Any(time => time <= TimeSpan.Zero)) return "limits and times are at least 1";
        return MaxFrameOctets is < 65536 or > 64 << 20 || QueueOctets < MaxFrameOctets
            ? "a frame has 64 KiB to 64 MiB, and the queue holds at least one"
            : null;
    }
}

/// <summary>The versions of the protocol that a node speaks.</summary>
internal readonly record struct ProtocolRange(int Lowest, int Highest)
{
    /// <summary>The highest version that both speak; null when there is none.</summary>
    public int? Common(ProtocolRange other)
    {
        int highest = Math.Min(Highest, other.Highest);
        return highest >= Math.Max(Lowest, other.Lowest) ? highest : null;
    }
}
