using Agent.Actors.Anycast;
using Agent.Actors.Reasons;

namespace Agent.Host.Web;

/// <summary>What the management interface shows of anycast.</summary>
/// <param name="Board">The last decision.</param>
/// <param name="Now">The clock of its time.</param>
/// <param name="Interval">How often there is a decision.</param>
/// <param name="Prefixes">What is announced.</param>
public sealed record AnycastParts(AnycastBoard Board, Func<TimeSpan> Now, TimeSpan Interval, IReadOnlyList<string> Prefixes);

/// <summary>
/// Whether this node should attract traffic, as the status of an answer (200 or 503) and as JSON. The answer is read from the board and
/// asks no actor: actors that get no turn are seen by the age of what stands there.
/// </summary>
internal sealed class AnycastEndpoint(ManagementParts parts)
{
    private const int LooksMissed = 5;

    private static readonly TimeSpan SilenceMin = TimeSpan.FromSeconds(3);

    /// <summary>The answer of a node that announces.</summary>
    public IResult Answer(AnycastParts anycast)
    {
        if (anycast.Board.Status is not { } status)
            return Of(new AnycastModel(false, [new ReasonModel(ReasonCode.NotVerifiedYet, "the agent has just started", null)]));
        TimeSpan silence = anycast.Interval * LooksMissed > SilenceMin ? anycast.Interval * LooksMissed : SilenceMin;
        bool isStuck = parts.IsStuck() || anycast.Now() - status.At > silence;
        IEnumerable<Reason> reasons = isStuck
            ? status.Reasons.Prepend(new Reason(ReasonCode.RuntimeStuck, "the agent does not get to its work"))
            : status.Reasons;
        return Of(new AnycastModel(status.IsAnnounced && !isStuck, [.. reasons.Select(reason => ReasonModel.Of(reason, null)!)])
        {
            Shown = status.IsShown,
            Metric = status.Metric,
            Fit = status.IsFit && !isStuck,
            Since = status.Since,
            Prefixes = anycast.Prefixes,
            Zones = status.Facts.Proven?.Zones,
            ProvenZones = status.Facts.Proven?.Proven,
            OwedZones = status.Facts.Owed,
            OwedSeconds = status.Facts.OwedFor?.TotalSeconds,
            Announcers = status.Announcers,
        });
    }

    /// <summary>The answer of a node that is not configured to announce: somebody else decides, and asks for the bare facts.</summary>
    public static IResult Answer(Reason? against) =>
        Of(new AnycastModel(against is null, against is null ? [] : [ReasonModel.Of(against, null)!]) { Fit = against is null });

    private static IResult Of(AnycastModel model) => Results.Json(
        model, statusCode: model.Announce ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
}

/// <summary>The decision as JSON.</summary>
/// <param name="Announce">Whether the node should attract traffic.</param>
/// <param name="Reasons">What speaks against it, and why it is so all the same.</param>
public sealed record AnycastModel(bool Announce, IReadOnlyList<ReasonModel> Reasons)
{
    /// <summary>Whether BIRD was told, where it is told by files.</summary>
    public bool Shown { get; init; }

    /// <summary>Metric of the routes; the lower the better.</summary>
    public int Metric { get; init; }

    /// <summary>Nothing would justify a withdrawal.</summary>
    public bool Fit { get; init; }

    /// <summary>Since when it is announced or withdrawn.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>What is announced.</summary>
    public IReadOnlyList<string> Prefixes { get; init; } = [];

    /// <summary>Zones of the last count by their owners; null when there was none.</summary>
    public int? Zones { get; init; }

    /// <summary>Those that the servers of this node had proven then.</summary>
    public int? ProvenZones { get; init; }

    /// <summary>Zones that a server of this node is known not to serve as wanted.</summary>
    public int OwedZones { get; init; }

    /// <summary>For how long the oldest of them has been so.</summary>
    public double? OwedSeconds { get; init; }

    /// <summary>Nodes that are known to attract traffic.</summary>
    public IReadOnlyList<string> Announcers { get; init; } = [];
}
