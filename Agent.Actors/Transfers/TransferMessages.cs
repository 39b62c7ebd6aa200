using System.Collections.Immutable;
using System.Net;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Transfers;

/// <summary>One pass over the masters for one zone.</summary>
/// <param name="Pass">Number that every message about it carries.</param>
/// <param name="HeldSerial">Serial of the content held; null when there is none.</param>
/// <param name="Force">Transfer even when the serial is not newer.</param>
/// <param name="Notifier">Master that said something changed; asked and taken first.</param>
public sealed record PassOrder(long Pass, DomainName Zone, uint? HeldSerial, bool Force, IPAddress? Notifier);

/// <summary>The pass receives zone data and goes on.</summary>
public sealed record PassProgress(long Pass);

/// <summary>How a pass ended.</summary>
public abstract record PassResult(long Pass);

/// <summary>It brought the zone.</summary>
public sealed record ZoneBrought(long Pass, ZoneContent Content, string Source, TransferStatistics Statistics) : PassResult(Pass)
{
    /// <summary>When the transfer was begun, on the kernel's clock of this node.</summary>
    public TimeSpan? TransferBegunAt { get; init; }
}

/// <summary>No master has anything newer.</summary>
public sealed record NothingNewer(long Pass, uint Serial) : PassResult(Pass);

/// <summary>It brought nothing.</summary>
public sealed record NothingBrought(long Pass, Reason Reason) : PassResult(Pass);

/// <summary>Asks the directory which addresses to try; answered by <see cref="MasterPlan"/>.</summary>
public sealed record GetMasters(long Id, IPAddress? Notifier);

/// <summary>Addresses to try, best first.</summary>
/// <param name="Id">Number of the request.</param>
/// <param name="Addresses">Best first; those known to be dead only when it is their turn to be tried again, or nobody else is left.</param>
/// <param name="Reason">Why there are none.</param>
public sealed record MasterPlan(long Id, ImmutableArray<MasterAddress> Addresses, Reason? Reason);

/// <summary>Tells the directory what an address did.</summary>
/// <param name="EndPoint">The address.</param>
/// <param name="Reason">Null when it answered; else why it counts as dead for a while.</param>
public sealed record MasterHeard(IPEndPoint EndPoint, Reason? Reason);

/// <summary>Asks the directory how the masters stand; answered by <see cref="MasterStates"/>.</summary>
public sealed record GetMasterStates;

/// <summary>All masters and what is known of them.</summary>
public sealed record MasterStates(ImmutableArray<MasterState> Masters);

/// <summary>What is known of one address of a master.</summary>
/// <param name="Name">The master as configured.</param>
/// <param name="Address">The address; null when the name has not resolved.</param>
/// <param name="State">up, down or unknown.</param>
/// <param name="Failures">Failures in a row.</param>
/// <param name="Reason">The last failure.</param>
/// <param name="RetryIn">When a dead address is tried again; may be past.</param>
public sealed record MasterState(string Name, string? Address, string State, int Failures, Reason? Reason, TimeSpan? RetryIn);

/// <summary>New masters from a changed configuration.</summary>
public sealed record ReplaceMasters(ImmutableArray<Master> Masters);

/// <summary>Asks for leave to transfer from an address; answered by <see cref="TransferGranted"/>, perhaps later.</summary>
public sealed record AskLeave(IPEndPoint EndPoint);

/// <summary>The transfer may begin.</summary>
public sealed record TransferGranted(IPEndPoint EndPoint);

/// <summary>The place is free again, or is not wanted any more.</summary>
public sealed record ReturnLeave;
