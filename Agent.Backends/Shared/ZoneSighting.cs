using Agent.Actors.Backends;
using Agent.Actors.Reasons;
using Agent.Dns.Transfers;

namespace Agent.Backends.Shared;

/// <summary>What a driver saw of a zone at its server.</summary>
/// <param name="Observation">What can be said.</param>
/// <param name="Serial">The serial when present, else 0.</param>
/// <param name="Reason">Why nothing can be said, or why the serial may not be the one applied; else null.</param>
public sealed record ZoneSighting(Observation Observation, uint Serial, Reason? Reason)
{
    /// <summary>The server's identifier in the answer that it was seen in (RFC 5001); null where there was none.</summary>
    public string? Nsid { get; init; }

    /// <summary>The server does not have the zone.</summary>
    public static ZoneSighting Absent { get; } = new(Observation.Absent, 0, Reason: null);

    /// <summary>The server has this serial.</summary>
    public static ZoneSighting Present(uint serial) => new(Observation.Present, serial, Reason: null);

    /// <summary>The same, but the serial is not what the server was given.</summary>
    public ZoneSighting NotAsGiven(string text) => this with { Reason = new Reason(ReasonCode.VerifyStale, text) };

    /// <summary>Nothing can be said.</summary>
    public static ZoneSighting CannotTell(string text) => new(Observation.CannotTell, 0, new Reason(ReasonCode.TargetAway, text));

    /// <summary>What is served proves that the server cannot hold the zone as it is.</summary>
    public static ZoneSighting CannotHold(string text) =>
        new(Observation.CannotTell, 0, new Reason(ReasonCode.TargetCannotHold, text));

    /// <summary>What a server's own answer comes to.</summary>
    public static ZoneSighting From(ServerFinding finding) => Judge(finding) with { Nsid = finding.Nsid };

    private static ZoneSighting Judge(ServerFinding finding) => finding.Kind switch
    {
        SoaAnswerKind.Authoritative => Present(finding.Answer!.Value.Serial),
        SoaAnswerKind.Absent => Absent,
        _ => CannotTell(finding.Text),
    };
}
