using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;

namespace Agent.Host.Web;

/// <summary>A reason as JSON.</summary>
public sealed record ReasonModel(string Code, string Text, DateTimeOffset? Since)
{
    public static ReasonModel? Of(Reason? reason, DateTimeOffset? since) => reason is null ? null : new(reason.Code, reason.Text, since);
}

/// <summary>One target of a zone as JSON.</summary>
public sealed record ZoneTargetModel(string Name, string Node, uint? Serial, DateTimeOffset? VerifiedAt, string State, ReasonModel? Reason);

/// <summary>A zone as JSON.</summary>
public sealed record ZoneModel(
    string Name,
    string State,
    uint? Serial,
    uint? WantedSerial,
    long? Records,
    string Owner,
    ReasonModel? Reason,
    DateTimeOffset? RefreshedAt,
    IReadOnlyList<ZoneTargetModel> Targets,
    IReadOnlyList<string> Masters)
{
    internal static ZoneModel Of(ZoneStatus status, ClusterNaming naming, IReadOnlyList<string> masters) => new(
        status.Name.ToString(),
        status.State,
        status.Serial,
        status.WantedSerial,
        status.Records,
        naming.OwnerOf(status.Name),
        ReasonModel.Of(status.Reason, status.ReasonSince),
        status.RefreshedAt,
        [.. status.Targets.Select(t => Target(t, naming.PlaceOf(t.Target)))],
        masters);

    private static ZoneTargetModel Target(TargetProgress target, (string Name, string Node) place) => new(
        place.Name,
        place.Node,
        target.Serial,
        target.VerifiedAt,
        target.State.ToString().ToLowerInvariant(),
        ReasonModel.Of(target.Reason, null));
}

/// <summary>A list of zones; <paramref name="Next"/> goes into <c>after</c> for the next page, null at the end.</summary>
public sealed record ZoneListModel(IReadOnlyList<ZoneModel> Zones, string? Next);

/// <summary>One line of history as JSON.</summary>
public sealed record EventModel(string Zone, DateTimeOffset At, string Code, string Text, uint? Serial, string? Target, string? TraceId)
{
    public static EventModel Of(ZoneEvent e) => new(e.Zone.ToString(), e.At, e.Code, e.Text, e.Serial, e.Target, e.TraceId);
}

/// <summary>A target as JSON.</summary>
public sealed record TargetModel(
    string Name, string Driver, string Node, string State, ReasonModel? Reason, DateTimeOffset Since, int ZonesBehind, int OrdersUnderWay);

/// <summary>A master's address as JSON.</summary>
public sealed record MasterModel(string Name, string? Address, string State, int Failures, ReasonModel? Reason, double? RetryInSeconds);

/// <summary>What a zone is to be created with.</summary>
public sealed record CreateZoneModel(string? Name);
