using System.Net;
using System.Net.Sockets;
using Agent.Dns.Transfers;
using Agent.Dns.Tsig;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Shared;

/// <summary>What came of asking a server for a zone.</summary>
public enum ServedZoneOutcome
{
    /// <summary>It gave the zone.</summary>
    Read = 0,

    /// <summary>It does not have the zone, as far as its answer tells.</summary>
    Absent = 1,

    /// <summary>It does not let us transfer.</summary>
    Refused = 2,

    /// <summary>It was not reached, broke off, or what it sent is no zone.</summary>
    Failed = 3,
}

/// <summary>A server's zone, or why there is none.</summary>
/// <param name="Outcome">What came of it.</param>
/// <param name="Zone">The zone when it was read; the caller disposes it.</param>
/// <param name="Text">What happened, for an operator.</param>
public sealed record ServedZone(ServedZoneOutcome Outcome, SpooledZone? Zone, string Text);

/// <summary>
/// Reads what a server serves, record by record, by AXFR (RFC 5936), signed where there is a key. The zone goes to a file, so that memory
/// does not grow with it. Any number of callers.
/// </summary>
/// <param name="server">Where the server answers.</param>
/// <param name="spoolDirectory">Where the file lies; must exist.</param>
/// <param name="time">For signatures.</param>
public sealed class ServedZoneReader(EndPoint server, string spoolDirectory, TimeProvider time)
{
    private const int QueryRoom = 1024;

    private readonly ServerProbe _probe = new(server, time);

    /// <summary>Asks for the zone.</summary>
    /// <param name="zone">Its name.</param>
    /// <param name="key">Null asks without a signature.</param>
    /// <param name="maximumBytes">A zone that takes more room is given up.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="IOException">The spool cannot be written.</exception>
    public async Task<ServedZone> ReadAsync(DomainName zone, TsigKey? key, long maximumBytes, CancellationToken cancellation)
    {
        FileStream file = SpooledZone.CreateFile(spoolDirectory);
        bool isKept = false;
        try
        {
            using ZoneContentBuilder builder = new(file, new ZoneContentLimits(long.MaxValue, maximumBytes));
            ServedZone? failed = await TransferAsync(zone, key, builder, cancellation);
            if (failed is not null)
                return failed.Outcome == ServedZoneOutcome.Absent ? await AbsentAsync(zone, cancellation) : failed;
            if (!builder.TryComplete(out ZoneFacts? facts))
                return Failed(builder.Error.Text());
            isKept = true;
            return new ServedZone(ServedZoneOutcome.Read, new SpooledZone(facts, file.SafeFileHandle), "");
        }
        catch (SocketException error)
        {
            return Failed(error.Message);
        }
        finally
        {
            if (!isKept)
                await file.DisposeAsync();
        }
    }

    /// <summary>Null when the zone is whole.</summary>
    private async Task<ServedZone?> TransferAsync(
        DomainName zone, TsigKey? key, ZoneContentBuilder builder, CancellationToken cancellation)
    {
        ushort id = MessageIds.Next();
        byte[] query = new byte[QueryRoom];
        byte[] mac = new byte[TsigAlgorithms.MaximumMacLength];
        int macLength = 0;
        int length = TransferQuery.WriteAxfr(query, zone, id);
        if (key is not null && !TsigSigner.TrySignRequest(query, ref length, key, Now(), mac, out macLength))
            throw new InvalidOperationException("The buffer is too small for the signature.");
        XfrRequest request = new() { Apex = zone, Id = id, Limits = new ZoneContentLimits(long.MaxValue, long.MaxValue) };
        using XfrMachine<ContentSink> machine = new(request, new ContentSink(builder));
        using TsigStreamVerifier? verifier = key is null ? null : new TsigStreamVerifier(key, mac.AsSpan(0, macLength));
        using DnsConnection connection = await DnsConnection.OpenAsync(server, cancellation);
        await connection.SendAsync(query.AsMemory(0, length), cancellation);
        while (true)
        {
            ReadOnlyMemory<byte> message = await connection.ReceiveAsync(cancellation);
            if (message.IsEmpty)
                return Failed("the connection ended before the zone was whole");
            TsigStatus status = verifier?.Accept(message.Span, Now()) ?? TsigStatus.Verified;
            XfrStatus step = machine.Step(message.Span);
            if (step is not (XfrStatus.NeedMore or XfrStatus.Complete))
                return ErrorOf(machine.Error, machine.ResponseCode, key, message.Span, builder);
            if (status is not (TsigStatus.Verified or TsigStatus.Unsigned))
                return Failed($"its answer's signature is no good ({status})");
            if (step == XfrStatus.Complete)
                return verifier is { IsLastSigned: false } ? Failed("its answer is not signed to the end") : null;
        }
    }

    private ServedZone ErrorOf(XfrError error, ResponseCode code, TsigKey? key, ReadOnlySpan<byte> message, ZoneContentBuilder builder)
    {
        if (error is XfrError.Refused && key is not null && TsigComplaint.Of(message) is { } tsig)
            return new ServedZone(ServedZoneOutcome.Refused, Zone: null, $"{server} does not take the key {key.Name}: {tsig}");
        return error switch
        {
            XfrError.Refused when code == ResponseCode.NotAuth => new ServedZone(ServedZoneOutcome.Absent, Zone: null, "NOTAUTH"),
            XfrError.Refused => new ServedZone(ServedZoneOutcome.Refused, Zone: null, $"{server} does not let us transfer it"),
            XfrError.SinkRefused => Failed(builder.Error.Text()),
            _ => Failed(error.Text(code)),
        };
    }

    /// <summary>NOTAUTH to the transfer: Knot says so too of a zone that it has and does not let us transfer.</summary>
    private async Task<ServedZone> AbsentAsync(DomainName zone, CancellationToken cancellation)
    {
        ServerFinding finding = await _probe.AskAsync(zone, cancellation);
        return finding.Kind == SoaAnswerKind.Absent
            ? new ServedZone(ServedZoneOutcome.Absent, Zone: null, $"{server} is not authoritative for it")
            : new ServedZone(
                ServedZoneOutcome.Refused,
                Zone: null,
                $"{server} does not let us transfer it (NOTAUTH; asked for its SOA: {finding.Text})");
    }

    private ServedZone Failed(string text) => new(ServedZoneOutcome.Failed, Zone: null, $"{server}: {text}");

    private ulong Now() => (ulong)time.GetUtcNow().ToUnixTimeSeconds();
}
