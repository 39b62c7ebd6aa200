using System.Net;
using Agent.Actors.Guards;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Actors.Transfers;

/// <summary>
/// The port to the masters. It owns sockets, reads streams at full speed, checks them with the transfer machine and spools
/// them; it decides nothing. Each request is answered by exactly one final message that carries its number.
/// </summary>
public interface IMasterClient
{
    /// <summary>Turns a configured master into addresses; answered by <see cref="MasterResolved"/>.</summary>
    void Resolve(ResolveMaster request, ReplyTo replyTo);

    /// <summary>Asks one address for the zone's SOA; answered by <see cref="SoaAnswered"/>.</summary>
    void AskSoa(AskSoa request, ReplyTo replyTo);

    /// <summary>
    /// Transfers the zone from one address; <see cref="TransferMoving"/> from time to time, then
    /// <see cref="TransferCompleted"/> or <see cref="TransferFailed"/>.
    /// </summary>
    void Transfer(TransferZone request, ReplyTo replyTo);

    /// <summary>Gives up a transfer; it still ends with its one final message. An unknown number is ignored.</summary>
    void Cancel(long id);
}

/// <summary>A master as configured.</summary>
/// <param name="Name">As written, for logs and status.</param>
/// <param name="Host">Address or host name; a name may have several addresses.</param>
/// <param name="Port">Port of DNS over TCP and UDP.</param>
/// <param name="KeyName">TSIG key for requests to it; null for none.</param>
public sealed record Master(string Name, string Host, int Port, string? KeyName)
{
    /// <summary>The key that takes over when the master does not take <see cref="KeyName"/>, while keys are being replaced.</summary>
    public string? NextKeyName { get; init; }

    /// <summary>The TLS profile under which it is asked; null: in the clear.</summary>
    public string? Tls { get; init; }
}

/// <summary>One address of a master.</summary>
public sealed record MasterAddress(Master Master, IPEndPoint EndPoint)
{
    /// <summary>How it is reached.</summary>
    public MasterRoute Route => new(EndPoint, Master.Tls);

    /// <summary>The master as it is called, and its address where that is not its name.</summary>
    public string Text => Master.Name == EndPoint.ToString() ? Master.Name : $"{Master.Name} ({EndPoint})";
}

/// <summary>An address and the TLS profile under which it is asked: one that a wrong pin keeps closed may be open in the clear.</summary>
/// <param name="EndPoint">The address.</param>
/// <param name="Tls">The profile's name; null: in the clear.</param>
public readonly record struct MasterRoute(IPEndPoint EndPoint, string? Tls);

/// <summary>Asks for the addresses of a master.</summary>
public sealed record ResolveMaster(long Id, Master Master);

/// <summary>The addresses; empty with a reason when the name does not resolve.</summary>
public sealed record MasterResolved(long Id, Master Master, IReadOnlyList<IPEndPoint> EndPoints, Reason? Reason);

/// <summary>Asks for the SOA, over UDP with one repeat and then TCP, within the given time.</summary>
public sealed record AskSoa(long Id, DomainName Zone, MasterAddress Address, TimeSpan Timeout)
{
    /// <summary>Over TCP at once: some masters (Knot) answer for a catalog zone to nobody whose address could be forged.</summary>
    public bool ByTcp { get; init; }
}

/// <summary>What a master says about a zone.</summary>
public enum SoaOutcome
{
    /// <summary>It is authoritative, with a serial.</summary>
    Serial = 0,

    /// <summary>It answers that it does not have the zone.</summary>
    Absent = 1,

    /// <summary>It answered with something unusable.</summary>
    CannotTell = 2,

    /// <summary>It did not answer.</summary>
    Unreachable = 3,
}

/// <summary>Answer to <see cref="AskSoa"/>.</summary>
public sealed record SoaAnswered(long Id, MasterAddress Address, SoaOutcome Outcome, uint Serial, Reason? Reason)
{
    /// <summary>The reason without the zone, for whoever hears of the master by way of other zones; null when it is the same.</summary>
    public Reason? MasterReason { get; init; }

    /// <summary>How long it may serve the zone itself (EDNS EXPIRE, RFC 7314); null when it did not say.</summary>
    public TimeSpan? Expire { get; init; }
}

/// <summary>Asks for a zone, in whatever form it is cheapest.</summary>
/// <param name="Id">Number of the request.</param>
/// <param name="Address">Where to take it from.</param>
/// <param name="Limits">Times and sizes.</param>
public sealed record TransferZone(long Id, DomainName Zone, MasterAddress Address, TransferLimits Limits)
{
    /// <summary>What is held, from which differences may start; null when the whole zone is wanted.</summary>
    public ZoneContent? Held { get; init; }

    /// <summary>What the new content would replace; null when nothing is held.</summary>
    public ZoneContent? Served { get; init; }

    /// <summary>What the new content must fulfil.</summary>
    public GuardPolicy Guards { get; init; } = new();

    /// <summary>Asks with the zone how long it may be served (EDNS EXPIRE). Only where the master is known to understand it.</summary>
    public bool AsksExpire { get; init; }
}

/// <summary>Bounds of one transfer. The total time grows with what has arrived: a large zone that moves is not cut off.</summary>
/// <param name="ConnectTimeout">For the connection.</param>
/// <param name="IdleTimeout">Longest silence between two messages.</param>
/// <param name="TotalTimeout">Time for a zone of any size, before the minimum rate counts.</param>
/// <param name="MinimumBytesPerSecond">Beyond the total time a transfer goes on as long as its average is above this.</param>
/// <param name="MaxRecords">Most records of a zone; 0 for no limit.</param>
/// <param name="MaxBytes">Most octets of a zone as stored; 0 for no limit.</param>
public sealed record TransferLimits(
    TimeSpan ConnectTimeout,
    TimeSpan IdleTimeout,
    TimeSpan TotalTimeout,
    long MinimumBytesPerSecond,
    long MaxRecords,
    long MaxBytes);

/// <summary>Sign of life of a transfer, at most a few each second.</summary>
public sealed record TransferMoving(long Id, long Bytes, long Records);

/// <summary>The zone is here, complete and checked.</summary>
/// <param name="Id">Number of the request.</param>
/// <param name="Address">Where it came from.</param>
/// <param name="Content">The content, held by the adapter's spool until somebody keeps it in the journal.</param>
/// <param name="Statistics">For logs and history.</param>
public sealed record TransferCompleted(long Id, MasterAddress Address, ZoneContent Content, TransferStatistics Statistics)
{
    /// <summary>Why a guard stops the content; null when nothing speaks against it.</summary>
    public Reason? Stopped { get; init; }

    /// <summary>How long the master may serve this content itself (RFC 7314 section 4); null when it did not say.</summary>
    public TimeSpan? Expire { get; init; }
}

/// <summary>What a transfer moved.</summary>
/// <param name="Messages">Messages of the answer.</param>
/// <param name="Bytes">Octets of them.</param>
/// <param name="Records">Records of a whole zone, or those that differences deleted and added, their SOAs included.</param>
/// <param name="DroppedRecords">Records left out because they lie outside the zone.</param>
/// <param name="Duration">From the request to the checked content.</param>
public sealed record TransferStatistics(long Messages, long Bytes, long Records, long DroppedRecords, TimeSpan Duration)
{
    /// <summary>What the answer really was.</summary>
    public TransferKind Kind { get; init; }

    /// <summary>Why an IXFR before it brought nothing; null when there was none.</summary>
    public string? FellBackFrom { get; init; }
}

/// <summary>Forms of a transfer.</summary>
public enum TransferKind
{
    /// <summary>The whole zone was asked for and came.</summary>
    Axfr = 0,

    /// <summary>Differences were asked for and came.</summary>
    Ixfr = 1,

    /// <summary>Differences were asked for and the whole zone came (RFC 1995 section 4).</summary>
    AxfrStyleIxfr = 2,
}

/// <summary>Words for <see cref="TransferKind"/>.</summary>
public static class TransferKinds
{
    /// <summary>As it stands in log lines.</summary>
    public static string Text(this TransferKind kind) => kind switch
    {
        TransferKind.Ixfr => "IXFR",
        TransferKind.AxfrStyleIxfr => "AXFR-style IXFR",
        _ => "AXFR",
    };
}

/// <summary>How a transfer failed.</summary>
public enum TransferFailure
{
    /// <summary>No connection.</summary>
    Unreachable = 0,

    /// <summary>The master said no with a response code.</summary>
    Refused = 1,

    /// <summary>The stream broke a rule, was cut, or stood still.</summary>
    Broken = 2,

    /// <summary>A limit of size was passed.</summary>
    TooLarge = 3,

    /// <summary>It was given up on our side (cancelled, or no room to spool).</summary>
    GivenUp = 4,

    /// <summary>The master answered SERVFAIL before any record: perhaps full (BIND beyond its transfers-out), worth another try.</summary>
    Busy = 5,

    /// <summary>The master took the connection and closed it before any record: MiniDNS does so where it cannot write a record.</summary>
    HungUp = 6,

    /// <summary>The answer to an IXFR says that there is nothing newer, though the SOA asked for before said otherwise.</summary>
    NothingNewer = 7,
}

/// <summary>The transfer brought nothing.</summary>
public sealed record TransferFailed(long Id, MasterAddress Address, TransferFailure Failure, Reason Reason)
{
    /// <summary>The reason without the zone, for whoever hears of the master by way of other zones; null when it is the same.</summary>
    public Reason? MasterReason { get; init; }
}
