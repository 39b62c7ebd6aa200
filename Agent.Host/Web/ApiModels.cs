using Agent.Actors.Guards;
using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;

namespace Agent.Host.Web;

/// <summary>A reason as JSON.</summary>
public sealed record ReasonModel(string Code, string Text, DateTimeOffset? Since)
{
    public static ReasonModel? Of(Reason? reason, DateTimeOffset? since) => reason is null ? null : new(reason.Code, reason.Text, since);
}

/// <summary>One target of a zone as JSON.</summary>
public sealed record ZoneTargetModel(string Name, string Node, uint? Serial, DateTimeOffset? VerifiedAt, string State, ReasonModel? Reason);

/// <summary>Content that a guard stopped, as JSON.</summary>
/// <param name="Hash">Names the content in an approval; null once it is rejected.</param>
/// <param name="State">waiting or rejected.</param>
public sealed record CandidateModel(uint Serial, long? Records, string? Hash, string State, ReasonModel? Reason)
{
    internal static CandidateModel? Of(CandidateStatus? candidate) => candidate is null
        ? null
        : new CandidateModel(
            candidate.Serial,
            candidate.Records,
            candidate.Hash?.ToString(),
            candidate.IsRejected ? "rejected" : "waiting",
            ReasonModel.Of(candidate.Reason, candidate.Since));
}

/// <summary>The catalog that a zone belongs to, as JSON.</summary>
/// <param name="Label">The label that stands for the zone there.</param>
public sealed record ZoneCatalogModel(string Name, string Label, string? Group)
{
    internal static ZoneCatalogModel? Of(ZoneStatus status) => status.Owner is not { MasterSet: null } owner || owner.Catalog == status.Name
        ? null
        : new ZoneCatalogModel(owner.Catalog.ToString(), owner.Label, owner.Group.Length > 0 ? owner.Group : null);
}

/// <summary>A zone as JSON.</summary>
public sealed record ZoneModel(
    string Name,
    string State,
    uint? Serial,
    uint? WantedSerial,
    long? Records,
    string Owner,
    ZoneCatalogModel? Catalog,
    string? MasterSet,
    ReasonModel? Reason,
    DateTimeOffset? RefreshedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RefusedSince,
    CandidateModel? Candidate,
    IReadOnlyList<ZoneTargetModel> Targets,
    IReadOnlyList<string> Masters)
{
    internal static ZoneModel Of(ZoneStatus status, ClusterNaming naming, MasterRoster roster) => new(
        status.Name.ToString(),
        status.State,
        status.Serial,
        status.WantedSerial,
        status.Records,
        naming.OwnerOf(status.Name),
        ZoneCatalogModel.Of(status),
        status.Owner?.MasterSet,
        ReasonModel.Of(status.Reason, status.ReasonSince),
        status.RefreshedAt,
        status.ExpiresAt,
        status.RefusedSince,
        CandidateModel.Of(status.Candidate),
        [.. status.Targets.Select(t => Target(t, naming.PlaceOf(t.Target)))],
        [.. roster.Of(status.Name, status.Owner?.Catalog, status.Owner?.Group ?? "").Select(m => m.Name)]);

    private static ZoneTargetModel Target(TargetProgress target, (string Name, string Node) place) => new(
        place.Name,
        place.Node,
        target.Serial,
        target.VerifiedAt,
        target is { IsLeaving: true, State: TargetZoneState.Pending } ? "leaving" : target.State.ToString().ToLowerInvariant(),
        ReasonModel.Of(target.Reason, null));
}

/// <summary>A list of zones; <paramref name="Next"/> goes into <c>after</c> for the next page, null at the end.</summary>
public sealed record ZoneListModel(IReadOnlyList<ZoneModel> Zones, string? Next, bool Complete);

/// <summary>One line of history as JSON.</summary>
public sealed record EventModel(string Zone, DateTimeOffset At, string Code, string Text, uint? Serial, string? Target, string? TraceId)
{
    public static EventModel Of(ZoneEvent e) => new(e.Zone.ToString(), e.At, e.Code, e.Text, e.Serial, e.Target, e.TraceId);
}

/// <summary>A target as JSON.</summary>
public sealed record TargetModel(
    string Name, string Driver, string Node, string State, ReasonModel? Reason, DateTimeOffset Since, int ZonesBehind, int OrdersUnderWay)
{
    /// <summary>The server's name for itself; null when it does not tell.</summary>
    public string? Identity { get; init; }

    /// <summary>The server's software, as it tells by DNS; else as its control channel tells; null when neither does.</summary>
    public string? Version { get; init; }

    /// <summary>The server's identifier in its answers (NSID); null when it does not tell.</summary>
    public string? Nsid { get; init; }

    /// <summary>The software of the server that the control channel reaches; null where there is none, or it does not tell.</summary>
    public string? ControlledVersion { get; init; }

    /// <summary>What can be done with the target: "differences", "re-add", "listing", "listing-own", "comparing", "naming".</summary>
    public IReadOnlyList<string> Features { get; init; } = [];

    /// <summary>What the server can hold; null when its node has not told it yet.</summary>
    public LimitsModel? Limits { get; init; }

    /// <summary>Zones that the server took and did not serve, for which more than the change itself is being tried.</summary>
    public int ZonesEscalated { get; init; }

    /// <summary>Those of them for which everything was tried.</summary>
    public int ZonesExhausted { get; init; }

    /// <summary>Zones that others changed there; 0 of a target that another node holds.</summary>
    public int ZonesDrifted { get; init; }
}

/// <summary>A master's address as JSON.</summary>
/// <param name="State">up, down or unknown.</param>
/// <param name="Circuit">closed, half-open or open.</param>
/// <param name="Zones">Patterns of the zones that have it; "*" where it is a master of all others.</param>
/// <param name="Tls">The TLS profile under which it is asked; null: in the clear.</param>
/// <param name="Rests">Why it is the last to be asked for zones.</param>
public sealed record MasterModel(
    string Name,
    string? Address,
    string? Tls,
    string State,
    string Circuit,
    int Failures,
    ReasonModel? Reason,
    double? RetryInSeconds,
    IReadOnlyList<string> Zones,
    IReadOnlyList<MasterRestModel> Rests)
{
    internal static MasterModel Of(MasterState state, MasterRoster roster) => new(
        state.Name,
        state.Address,
        state.Tls,
        state.State,
        state.Circuit switch { MasterCircuit.Closed => "closed", MasterCircuit.HalfOpen => "half-open", _ => "open" },
        state.Failures,
        ReasonModel.Of(state.Reason, null),
        state.RetryIn?.TotalSeconds,
        [
            .. roster.Common.Any(state.IsOf) ? ["*"] : Array.Empty<string>(),
            .. roster.Own.Where(o => o.Masters.Any(state.IsOf)).Select(o => o.Pattern.ToString()),
        ],
        [
            .. state.Rests.Select(r => new MasterRestModel(
                r.Fault.ToString().ToLowerInvariant(), ReasonModel.Of(r.Reason, null), r.RetryIn.TotalSeconds)),
        ]);
}

/// <summary>A class of failures for which a master is left in peace, as JSON.</summary>
/// <param name="Fault">refused, broken, busy or unreachable.</param>
/// <param name="RetryInSeconds">How long regular checks transfer nothing from it; 0 when they do again.</param>
public sealed record MasterRestModel(string Fault, ReasonModel? Reason, double RetryInSeconds);

/// <summary>A page of deleted zones as JSON.</summary>
/// <param name="Next">What to ask for behind it; null at the end.</param>
public sealed record DeletedListModel(IReadOnlyList<DeletedZoneModel> Zones, string? Next);

/// <summary>A deleted zone of which content is kept, as JSON.</summary>
public sealed record DeletedZoneModel(string Name, uint Serial, long Records, DateTimeOffset KeptUntil);

/// <summary>What a zone is to be created with.</summary>
public sealed record CreateZoneModel(string? Name);
