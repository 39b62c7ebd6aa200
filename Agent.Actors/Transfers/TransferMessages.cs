using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Guards;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Transfers;

/// <summary>One pass over the masters for one zone.</summary>
/// <param name="Pass">Number that every message about it carries.</param>
/// <param name="HeldSerial">Serial of the content held; null when there is none.</param>
/// <param name="Force">Transfer even when the serial is not newer.</param>
/// <param name="Notifier">Master that said something changed; asked and taken first.</param>
public sealed record PassOrder(long Pass, DomainName Zone, uint? HeldSerial, bool Force, IPAddress? Notifier)
{
    /// <summary>An older serial will do when no master has what is held: that has expired.</summary>
    public bool AcceptOlder { get; init; }

    /// <summary>A serial that a guard stopped before: it is not fetched again unless forced. Null when there is none.</summary>
    public uint? Pinned { get; init; }

    /// <summary>The serial that the notifier says to have; null when it did not say, or is to be asked for it all the same.</summary>
    public uint? SerialHint { get; init; }

    /// <summary>What new content would replace; null when nothing is held.</summary>
    public ZoneContent? Served { get; init; }

    /// <summary>What new content must fulfil.</summary>
    public GuardPolicy Guards { get; init; } = new();

    /// <summary>Somebody said that there is something new, or waits for it: it goes before the many regular checks.</summary>
    public bool IsUrgent { get; init; }

    /// <summary>The catalog that the zone belongs to, with masters of its own for members; null when there is none.</summary>
    public DomainName? Catalog { get; init; }

    /// <summary>The group in that catalog; empty for none.</summary>
    public string Group { get; init; } = "";

    /// <summary>The content held, from which differences may start; null when the whole zone is wanted.</summary>
    public ZoneContent? Held { get; init; }
}

/// <summary>The pass receives zone data and goes on.</summary>
public sealed record PassProgress(long Pass);

/// <summary>How a pass ended.</summary>
public abstract record PassResult(long Pass);

/// <summary>It brought the zone.</summary>
public sealed record ZoneBrought(long Pass, ZoneContent Content, string Source, TransferStatistics Statistics) : PassResult(Pass)
{
    /// <summary>When the transfer was begun, on the kernel's clock of this node.</summary>
    public TimeSpan? TransferBegunAt { get; init; }

    /// <summary>Why a guard stops it, and no master had anything better; null when nothing speaks against it.</summary>
    public Reason? Stopped { get; init; }

    /// <summary>The newest serial that a master named, where that is newer than what came; null otherwise.</summary>
    public uint? Behind { get; init; }

    /// <summary>How long the master may serve it itself from now on; null when it did not say.</summary>
    public TimeSpan? Expire { get; init; }
}

/// <summary>No master has anything newer, or only what a guard stopped before; <paramref name="Serial"/> is that then.</summary>
public sealed record NothingNewer(long Pass, uint Serial) : PassResult(Pass)
{
    /// <summary>How long the masters that have it may serve it themselves from now on; null when one of them named no bound.</summary>
    public TimeSpan? Expire { get; init; }
}

/// <summary>It brought nothing.</summary>
public sealed record NothingBrought(long Pass, Reason Reason) : PassResult(Pass)
{
    /// <summary>The zone has no masters at all.</summary>
    public bool HasNoMasters { get; init; }

    /// <summary>True when a master named a serial, false when every address of every master said that it does not have the zone; null when
    /// there is no telling.</summary>
    public bool? MastersHaveIt { get; init; }
}

/// <summary>Asks the directory which addresses to try; answered by <see cref="MasterPlan"/>.</summary>
/// <param name="Id">Number of the pass.</param>
/// <param name="Zone">Whose masters.</param>
/// <param name="Notifier">Address that said that something changed; asked first.</param>
/// <param name="IsUrgent">It goes before the regular checks.</param>
public sealed record GetMasters(long Id, DomainName Zone, IPAddress? Notifier, bool IsUrgent)
{
    /// <summary>The catalog that the zone belongs to; null for none.</summary>
    public DomainName? Catalog { get; init; }

    /// <summary>The group in that catalog; empty for none.</summary>
    public string Group { get; init; } = "";
}

/// <summary>Addresses to try, best first.</summary>
/// <param name="Id">Number of the request.</param>
/// <param name="Addresses">Best first; those known to be dead only when nobody else is left, and not often.</param>
/// <param name="Reason">Why there are none.</param>
public sealed record MasterPlan(long Id, ImmutableArray<MasterAddress> Addresses, Reason? Reason)
{
    /// <summary>The zone has no masters at all.</summary>
    public bool HasNoMasters { get; init; }

    /// <summary>These are all addresses that there are: no master is left out because it is dead or its name could not be
    /// looked up.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Addresses from which nothing is to be transferred now, and why.</summary>
    public ImmutableArray<(MasterRoute Route, Reason Reason)> Rests { get; init; } = [];

    /// <summary>Addresses from which transfers failed lately: of those with the same serial they are the last to be asked for it.</summary>
    public ImmutableArray<MasterRoute> Last { get; init; } = [];
}

/// <summary>Tells the directory what an address did.</summary>
/// <param name="Route">The address.</param>
/// <param name="Reason">Null when it answered; else why it did not. Questions without an answer make it count as dead for a while.</param>
public sealed record MasterHeard(MasterRoute Route, Reason? Reason)
{
    /// <summary>The zone that it was asked about.</summary>
    public DomainName? Zone { get; init; }

    /// <summary>It gave a whole zone.</summary>
    public bool Brought { get; init; }

    /// <summary>How a transfer failed.</summary>
    public MasterFault Fault { get; init; }

    /// <summary>Why, when it failed so.</summary>
    public Reason? FaultReason { get; init; }
}

/// <summary>Published on the event stream when a master's address that counted as dead answers again.</summary>
public sealed record MasterReturned(IPEndPoint EndPoint);

/// <summary>Asks the directory how the masters stand; answered by <see cref="MasterStates"/>.</summary>
public sealed record GetMasterStates;

/// <summary>All masters and what is known of them; also published on the event stream when a circuit or an address changes.</summary>
public sealed record MasterStates(ImmutableArray<MasterState> Masters)
{
    /// <summary>Which zone has which of them.</summary>
    public required MasterRoster Roster { get; init; }
}

/// <summary>What is known of one address of a master.</summary>
/// <param name="Name">The master as configured.</param>
/// <param name="Address">The address; null when the name has not resolved.</param>
/// <param name="State">up, down (its circuit is open, or it has never answered) or unknown (it has not been asked).</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="Reason">The last failure.</param>
/// <param name="RetryIn">When a dead address is tried again; may be past.</param>
public sealed record MasterState(string Name, string? Address, string State, int Failures, Reason? Reason, TimeSpan? RetryIn)
{
    /// <summary>The TLS profile under which it is asked; null: in the clear.</summary>
    public string? Tls { get; init; }

    /// <summary>Whether it is one of that master.</summary>
    public bool IsOf(Master master)
    {
        ArgumentNullException.ThrowIfNull(master);
        return master.Name == Name && master.Tls == Tls;
    }

    /// <summary>The breaker before it.</summary>
    public MasterCircuit Circuit { get; init; }

    /// <summary>Why it is the last to be asked for zones.</summary>
    public ImmutableArray<MasterRest> Rests { get; init; } = [];
}

/// <summary>Zone after zone ended at an address in the same class of failure.</summary>
/// <param name="Fault">The class.</param>
/// <param name="Reason">The last failure.</param>
/// <param name="RetryIn">How long regular checks transfer nothing from it; zero when they do again.</param>
public sealed record MasterRest(MasterFault Fault, Reason Reason, TimeSpan RetryIn);

/// <summary>New masters from a changed configuration.</summary>
public sealed record ReplaceMasters(MasterRoster Roster);

/// <summary>Asks for leave to transfer from an address; answered by <see cref="TransferGranted"/>, perhaps later.</summary>
public sealed record AskLeave(IPEndPoint EndPoint)
{
    /// <summary>Addresses that will do as well when the first is full.</summary>
    public ImmutableArray<IPEndPoint> Others { get; init; } = [];
}

/// <summary>The transfer may begin, from this address.</summary>
public sealed record TransferGranted(IPEndPoint EndPoint);

/// <summary>The place is free again, or is not wanted any more.</summary>
public sealed record ReturnLeave;
