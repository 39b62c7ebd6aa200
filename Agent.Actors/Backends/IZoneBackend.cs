using System.Collections.Immutable;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Backends;

/// <summary>
/// The port to one DNS server. Every order is answered by exactly one message to <c>replyTo</c> that carries the order's
/// number, also on failure, cancellation and deadline; the adapter bounds the time of each order itself. Orders for
/// different zones may overlap up to <see cref="BackendTraits.MaxConcurrentOrders"/>; the caller never has two orders for
/// one zone under way, unless it broke and began anew: then a change for a zone whose earlier change has not ended is answered
/// <see cref="OrderOutcome.Away"/>, and a look at it <see cref="Observation.CannotTell"/>. All orders are idempotent: applying what is
/// there and removing what is not are successes.
/// </summary>
public interface IZoneBackend : IAsyncDisposable
{
    /// <summary>What the driver can do.</summary>
    BackendTraits Traits { get; }

    /// <summary>Brings the zone to the given content, creating it when it is not there; answered by <see cref="OrderFinished"/>.</summary>
    void Apply(ApplyZone order, ReplyTo replyTo);

    /// <summary>Takes the zone and what belongs to it (its file, its configuration) away; answered by
    /// <see cref="OrderFinished"/>.</summary>
    void Remove(RemoveZone order, ReplyTo replyTo);

    /// <summary>
    /// Asks the server itself what it serves, authoritatively and without recursion; answered by <see cref="ZoneObserved"/>.
    /// </summary>
    void Observe(ObserveZone order, ReplyTo replyTo);

    /// <summary>Finds out whether the server can be reached at all; answered by <see cref="OrderFinished"/>.</summary>
    void Probe(ProbeServer order, ReplyTo replyTo);

    /// <summary>Names the zones that the server has, as far as <see cref="BackendTraits.Listing"/> says; answered by
    /// <see cref="ServedListed"/>.</summary>
    void List(ListServed order, ReplyTo replyTo) => replyTo.Tell(
        new ServedListed(order.Id, [], new Reason(ReasonCode.TargetRefused, $"the {Traits.Driver} driver names no zones")));
}

/// <summary>What a driver can do and how it wants to be used.</summary>
/// <param name="Driver">Name of the driver as in the configuration.</param>
/// <param name="MaxConcurrentOrders">Orders that may be under way at once, at least 1.</param>
/// <param name="VerifyPatience">How long after an apply the server may take until it serves the serial, before the apply is
/// repeated.</param>
public sealed record BackendTraits(string Driver, int MaxConcurrentOrders, TimeSpan VerifyPatience)
{
    /// <summary>
    /// So many orders at most go to the server in one go (one call, one transaction, one build of all its data); 1: each by itself. The
    /// actor keeps up to <see cref="MaxConcurrentOrders"/> under way and never waits for more to come, so a driver puts together what is
    /// there: what comes while one go lasts makes up the next.
    /// </summary>
    public int OrdersTogether { get; init; } = 1;

    /// <summary>The server says yes to changes at once and comes to them one after the other: the more it has, the longer each waits there.
    /// </summary>
    public bool ComesInTurn { get; init; }

    /// <summary>The driver can use differences: <see cref="ApplyZone.History"/> is given to it where there is one.</summary>
    public bool TakesDifferences { get; init; }

    /// <summary>A zone can be taken away and added anew at any time, and is afterwards what it was.</summary>
    public bool CanReAdd { get; init; }

    /// <summary>The server lives and dies with the agent: after a start it has no zones.</summary>
    public bool BeginsEmpty { get; init; }

    /// <summary>Which of the server's zones the driver can name.</summary>
    public ZoneListing Listing { get; init; }

    /// <summary>What the server can hold whatever its version; a probe may find more (<see cref="OrderFinished.Limits"/>).</summary>
    public ZoneLimits Limits { get; init; } = ZoneLimits.None;
}

/// <summary>Which zones of its server a driver can name.</summary>
public enum ZoneListing
{
    /// <summary>None: of each zone the server has to be asked.</summary>
    None = 0,

    /// <summary>Those that this driver has brought there once. That one is named does not say that the server has it.</summary>
    Own = 1,

    /// <summary>All that could have been created from outside; what is not named the server does not have.</summary>
    Whole = 2,
}

/// <summary>An order to a backend; <see cref="Id"/> comes back in the answer.</summary>
public abstract record BackendOrder(long Id);

/// <summary>Serve this content.</summary>
public sealed record ApplyZone(long Id, DomainName Zone, ZoneContent Content) : BackendOrder(Id)
{
    /// <summary>What led to the content, for a driver that takes differences; null where nothing is known.</summary>
    public IContentHistory? History { get; init; }

    /// <summary>The server took this content before and does not serve it: nothing that is known of the server is taken for
    /// granted.</summary>
    public bool IsRepeated { get; init; }

    /// <summary>A zone that is there otherwise than a driver can change in place may be taken away for a moment and added anew.</summary>
    public bool MayTakeAway { get; init; } = true;
}

/// <summary>Do not serve this zone.</summary>
public sealed record RemoveZone(long Id, DomainName Zone) : BackendOrder(Id);

/// <summary>Say what the server serves for this zone.</summary>
public sealed record ObserveZone(long Id, DomainName Zone) : BackendOrder(Id)
{
    /// <summary>Say also whether the server's settings of the zone are those that the driver gives it.</summary>
    public bool WithSettings { get; init; }

    /// <summary>The serial that proves the zone level, for a driver of several servers, which may have several; null where none
    /// does.</summary>
    public uint? WantedSerial { get; init; }
}

/// <summary>Say whether the server is there.</summary>
public sealed record ProbeServer(long Id) : BackendOrder(Id);

/// <summary>Name the zones that the server has.</summary>
/// <param name="Id">Comes back in the answer.</param>
/// <param name="Maximum">With more than so many zones the answer is a failure: nobody keeps all of them in memory.</param>
public sealed record ListServed(long Id, int Maximum) : BackendOrder(Id);

/// <summary>Answer to <see cref="ListServed"/>.</summary>
/// <param name="Id">Number of the order.</param>
/// <param name="Zones">The zones, each once, in no order; none when it failed.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
public sealed record ServedListed(long Id, ImmutableArray<DomainName> Zones, Reason? Failure);

/// <summary>How an order ended.</summary>
public enum OrderOutcome
{
    /// <summary>The server took it (which proves nothing yet: only an observation does).</summary>
    Done = 0,

    /// <summary>The server said no, and would say no again.</summary>
    Refused = 1,

    /// <summary>The server could not be reached, or did not answer in time.</summary>
    Away = 2,
}

/// <summary>Answer to an order.</summary>
/// <param name="Id">Number of the order.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Reason">Why, unless done.</param>
/// <param name="ServerRun">Of a probe: names this run of the server, and changes when it starts anew (its boot time, for instance);
/// null when the server does not tell.</param>
public sealed record OrderFinished(long Id, OrderOutcome Outcome, Reason? Reason, string? ServerRun = null)
{
    /// <summary>Of a refusal: it came before anything was changed at the server. Where a driver does not know that, it does not say
    /// so.</summary>
    public bool ChangedNothing { get; init; }

    /// <summary>Of a probe: what the server can hold, as its version and settings say; null when the driver knows no more than
    /// <see cref="BackendTraits.Limits"/>.</summary>
    public ZoneLimits? Limits { get; init; }

    /// <summary>Of a probe: who the control channel says that the server is; null of a driver that has none.</summary>
    public ControlledServer? Control { get; init; }
}

/// <summary>What the server itself says about a zone. "Cannot tell" is never taken for "absent".</summary>
public enum Observation
{
    /// <summary>It answers authoritatively, with the serial given.</summary>
    Present = 0,

    /// <summary>It answers that it does not have the zone.</summary>
    Absent = 1,

    /// <summary>No usable answer: nothing is known.</summary>
    CannotTell = 2,
}

/// <summary>Answer to <see cref="ObserveZone"/>.</summary>
/// <param name="Id">Number of the order.</param>
/// <param name="Observation">What the server said.</param>
/// <param name="Serial">The serial when present, else 0.</param>
/// <param name="Reason">What stood in the way when nothing is known, or what is known of a serial that was not applied. When nothing is
/// known because of <see cref="ReasonCode.TargetCannotHold"/>, what is served shows that the server should not have taken the zone: it
/// counts as refused.</param>
public sealed record ZoneObserved(long Id, Observation Observation, uint Serial, Reason? Reason)
{
    /// <summary>In what the server's settings of the zone differ from those that the driver gives it; null where they do not, or nobody has
    /// asked.</summary>
    public string? SettingsDifference { get; init; }

    /// <summary>The server's identifier in its answer (RFC 5001); null when there was none.</summary>
    public string? Nsid { get; init; }
}
