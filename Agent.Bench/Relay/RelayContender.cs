using System.Net;
using Agent.Bench.Peers;

namespace Agent.Bench.Relay;

/// <summary>One way to the server.</summary>
internal sealed record RelayContender(string Name, IPEndPoint EndPoint, IPEndPoint EndPointIPv6)
{
    /// <summary>Who stands between; null for nobody.</summary>
    public int? Process { get; init; }

    /// <summary>Where it is the agent: it also says what it allocates.</summary>
    public AgentProcess? Agent { get; init; }
}
