using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Agent.Actors.Guards;
using Agent.Actors.Kernel;
using Agent.Actors.Reasons;
using Agent.Actors.Telemetry;
using Agent.Actors.Transfers;
using Agent.Dns.Net;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Transfers;

/// <summary>
/// One AXFR or IXFR. Two loops share a bounded buffer, so that the socket is drained while the disk is busy: <see cref="TransferReceiver"/>
/// fills it, this one cuts messages, checks them with the transfer machine and spools the records.
/// </summary>
/// <remarks>
/// <code>
///   take a kept connection or open one -- no connection --> Unreachable
///     | send the question
///     v            closed before the first byte, connection was a kept one: once more, on a fresh one
///   Receiving ---------------------------------------------------------------------------^
///     | complete, as differences: applied to what we hold --does not fit--> Broken, with a fault that asks for the whole zone
///     | complete: the content, and what the guards say to it; the connection goes back to the pool
///     | error code --> Refused    broken, cut, still, slow --> Broken    limit --> TooLarge    cancelled, no room --> GivenUp
/// </code>
/// </remarks>
internal sealed partial class TransferAttempt
{
    private static readonly TimeSpan MovingInterval = TimeSpan.FromMilliseconds(300);

    private readonly TransferZone _request;
    private readonly ZoneContent? _from;
    private readonly TransferServices _services;
    private readonly Action<TransferMoving> _moving;
    private readonly CancellationToken _cancelled;
    private readonly long _started;
    private long _lastMoving;
    private TimeSpan _waited;
    private long _messages;
    private long _bytes;
    private long _consumed;
    private long _records;
    private long _dropped;
    private TransferKind _kind;

    public TransferAttempt(
        TransferZone request,
        ZoneContent? from,
        TransferServices services,
        Action<TransferMoving> moving,
        CancellationToken cancelled)
    {
        _request = request;
        _from = from;
        _services = services;
        _moving = moving;
        _cancelled = cancelled;
        _started = _lastMoving = services.Clock.GetTimestamp();
    }

    /// <summary>What was moved so far.</summary>
    public TransferStatistics Statistics =>
        new(_messages, _bytes, _records, _dropped, _services.Clock.GetElapsedTime(_started)) { Kind = _kind };

    /// <summary>After a failure: what was wrong with the differences asked for, if the whole zone may be had nevertheless.</summary>
    public IxfrFault? Fault { get; private set; }

    /// <summary>After a failure: the key that the master did not take, when that was why.</summary>
    public string? RejectedKey { get; private set; }

    /// <summary>Runs to the one final message; no failure of master, network or disk passes as an exception.</summary>
    public async Task<object> RunAsync()
    {
        try
        {
            while (_services.Connections.TryTake(_request.Address, out MasterConnection? kept))
            {
                if (await TransferOverAsync(kept) is { } final)
                    return final;
            }
            MasterConnection fresh = await ConnectAsync();
            if (await TransferOverAsync(fresh) is { } last)
                return last;
            Fault = _from is null ? null : IxfrFault.Unknown;
            if (fresh.Refusal is { } refusal)
                return Fail(TransferFailure.Unreachable, refusal.Code, refusal.Text);
            return Fail(TransferFailure.HungUp, ReasonCode.TransferBroken, "it closed the connection at once");
        }
        catch (OperationCanceledException) when (_cancelled.IsCancellationRequested)
        {
            return Fail(TransferFailure.GivenUp, ReasonCode.Superseded, "the transfer was cancelled");
        }
        catch (OperationCanceledException)
        {
            return Fail(
                TransferFailure.Unreachable,
                ReasonCode.NoMaster,
                $"no connection within {_request.Limits.ConnectTimeout.TotalSeconds:0.#} s");
        }
        catch (SocketException exception)
        {
            return Fail(TransferFailure.Unreachable, ReasonCode.NoMaster, exception.Message);
        }
        catch (TlsRefusedException refused)
        {
            return Fail(TransferFailure.Unreachable, refused.Reason.Code, refused.Reason.Text);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail(TransferFailure.GivenUp, ReasonCode.JournalAway, $"the zone cannot be spooled: {exception.Message}");
        }
    }

    private async Task<MasterConnection> ConnectAsync()
    {
        using var deadline = new CancellationTokenSource(_request.Limits.ConnectTimeout, _services.Clock);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _cancelled);
        long started = _services.Clock.GetTimestamp();
        MasterConnection connection = await _services.Connections.ConnectAsync(_request.Address, linked.Token);
        _waited += _services.Clock.GetElapsedTime(started);
        return connection;
    }

    /// <summary>Null: the connection brought nothing that belongs to this transfer. The connection is consumed.</summary>
    private async Task<object?> TransferOverAsync(MasterConnection connection)
    {
        string? keyName = _request.Address.Master.KeyName;
        using TransferSignature? signature = _services.Keyring.Begin(_request.Address.Master);
        if (keyName is not null && signature is null)
        {
            _services.Connections.Return(connection);
            return Fail(TransferFailure.GivenUp, ReasonCode.TransferRefused, $"there is no key {keyName} to sign the request with");
        }
        var pipe = new Pipe(new PipeOptions(
            pauseWriterThreshold: _services.Options.ReadAheadBytes,
            resumeWriterThreshold: _services.Options.ReadAheadBytes / 2,
            minimumSegmentSize: TransferReceiver.SegmentSize,
            useSynchronizationContext: false));
        await using var receiver = new TransferReceiver(connection, pipe.Writer, _request.Limits, _services.Clock, _cancelled);
        bool isReusable = false;
        try
        {
            ushort id = MessageIds.Next();
            if (!await TrySendAsync(connection, id, signature))
                return null;
            FaultPoint.Pass("transfer.asked");
            long waiting = _services.Clock.GetTimestamp();
            await receiver.ReceiveFirstAsync();
            _waited += _services.Clock.GetElapsedTime(waiting);
            object? final = await ReceiveAsync(pipe.Reader, receiver, id, signature, connection.IsReused);
            ReceiverEnd end = await receiver.StopAsync();
            // Whatever came behind the last message, and be it on its way into the pipe, would be taken for the start of the next answer.
            isReusable = final is TransferCompleted && end == ReceiverEnd.Stopped && receiver.Bytes == _consumed;
            return final;
        }
        finally
        {
            await receiver.StopAsync();
            await pipe.Reader.CompleteAsync();
            if (isReusable)
                _services.Connections.Return(connection);
            else
                connection.Dispose();
        }
    }

    private async Task<bool> TrySendAsync(MasterConnection connection, ushort id, TransferSignature? signature)
    {
        int size = TcpFramer.PrefixBytes + TransferQuery.BufferSize + TransferQuery.PaddingRoom + (signature?.SizeMaximum ?? 0);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size);
        try
        {
            // No OPT in the clear, unless the master has understood it before: old masters answer it with FORMERR or hang up. Servers with
            // TLS are newer, and there the length of the question should not tell the zone (RFC 9103 section 7.3.4).
            Span<byte> room = buffer.AsSpan(TcpFramer.PrefixBytes);
            int length = _from is { } from
                ? TransferQuery.WriteIxfr(room, _request.Zone, id, from.Serial, AsksExpire)
                : TransferQuery.WriteAxfr(room, _request.Zone, id, AsksExpire);
            if (connection.Profile is not null)
                length = TransferQuery.Pad(buffer.AsSpan(TcpFramer.PrefixBytes), length, signature?.RequestSize ?? 0);
            if (signature is not null)
                length = signature.Sign(buffer.AsSpan(TcpFramer.PrefixBytes), length);
            int frame = TcpFramer.Seal(buffer, length);
            await connection.SendAsync(buffer.AsMemory(0, frame), _cancelled);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A second try, after differences failed, does without everything that could be disliked.</summary>
    private bool AsksExpire => _request.AsksExpire && (_from is not null || _request.Held is null);

    private async Task<object?> ReceiveAsync(
        PipeReader reader, TransferReceiver receiver, ushort id, TransferSignature? signature, bool isKept)
    {
        _consumed = 0;
        ZoneContentLimits limits = Limits();
        using var spool = new SpoolStream(_services.Spool, _services.Options.SpoolMemoryBytes);
        using var builder = new ZoneContentBuilder(spool, limits);
        var intake = new TransferIntake(builder, _from is null ? null : new DifferenceCollector(LargestDifferences(_from)));
        using var machine = new XfrMachine<IntakeSink>(RequestOf(id, limits), new IntakeSink(intake));
        using var feeder = new TransferFeeder(machine, signature, AsksExpire);
        while (true)
        {
            long waiting = _services.Clock.GetTimestamp();
            ReadResult read = await reader.ReadAsync(CancellationToken.None);
            _waited += _services.Clock.GetElapsedTime(waiting);
            SequencePosition consumed = feeder.Feed(read.Buffer);
            _consumed += read.Buffer.Slice(0, consumed).Length;
            reader.AdvanceTo(consumed, read.Buffer.End);
            _messages = machine.MessageCount;
            _bytes = receiver.Bytes;
            _records = intake.RecordCount;
            _dropped = machine.OutOfZoneCount;
            _kind = intake.IsDifferences ? TransferKind.Ixfr : _from is null ? TransferKind.Axfr : TransferKind.AxfrStyleIxfr;
            if (feeder.Status == XfrStatus.Complete)
                return Complete(spool, intake, feeder.Expire);
            if (feeder.Status != XfrStatus.NeedMore && isKept && IsLeftover(machine, signature))
                return null;
            if (feeder.Status != XfrStatus.NeedMore)
                return Broken(machine, intake, signature, feeder.ExtendedError);
            if (read.IsCompleted)
                return Ended(await receiver.StopAsync(), machine, receiver);
            receiver.Start();
            TellMoving();
        }
    }

    private XfrRequest RequestOf(ushort id, ZoneContentLimits limits) => new()
    {
        Apex = _request.Zone,
        Id = id,
        Limits = limits,
        Type = _from is null ? RecordType.AXFR : RecordType.IXFR,
        OurSerial = _from?.Serial ?? 0,
    };

    private object Complete(SpoolStream spool, TransferIntake intake, TimeSpan? expire)
    {
        ChangeMetrics.Waited(ChangeWait.MasterTransfer, _waited);
        ZoneContentBuilder builder = intake.Whole;
        DifferenceSequence? differences = null;
        if (intake.IsDifferences && Apply(intake, out differences) is { } failed)
            return failed;
        if (!builder.TryComplete(out ZoneFacts? facts))
            return Fail(TransferFailure.Broken, ReasonCode.TransferBroken, builder.Error.Text());
        ZoneContent content = spool.Complete(Shared(facts));
        content.Signing = builder.Traits.Signing;
        Reason? stopped = ContentGuards.Judge(_request.Guards, _request.Served, content, builder.Traits, _dropped);
        content.Origin = stopped is null ? OriginOf(content, differences) : null;
        if (differences is not null)
            _services.Recent.Note(content.Hash, new ContentOrigin(_from!.Hash, differences));
        return new TransferCompleted(_request.Id, _request.Address, content, Statistics)
        {
            Expire = expire,
            Stopped = stopped is null
                ? null
                : stopped with { Text = $"{stopped.Text} (from master {_request.Address.Text})" },
        };
    }

    /// <summary>Applies what came to what we hold; null when it fits.</summary>
    private TransferFailed? Apply(TransferIntake intake, out DifferenceSequence? differences)
    {
        if (!DifferenceSequence.TryLoad(_from!.Apex, intake.Differences!.ToArray(), out differences))
            return Unfit(IxfrFault.Broken, "its steps do not follow each other");
        ZoneDiffError error = DifferenceFold.TryFold(_from.Apex, differences, out DifferenceFold? fold);
        if (error != ZoneDiffError.None)
            return Unfit(IxfrFault.Broken, error.Text());
        using (fold)
        {
            try
            {
                using RecordStream held = _from.Open();
                error = fold!.TryApply(held, intake.Whole);
                if (held.Error != ZoneContentError.None)
                    return Unfit(IxfrFault.Ours, $"what is held cannot be read: {held.Error.Text()}");
            }
            catch (IOException exception)
            {
                return Unfit(IxfrFault.Ours, $"what is held cannot be read: {exception.Message}");
            }
        }

        if (intake.Whole.Error is ZoneContentError.TooManyRecords or ZoneContentError.TooManyBytes)
            return Fail(TransferFailure.TooLarge, ReasonCode.TransferTooLarge, intake.Whole.Error.Text());
        return error == ZoneDiffError.None ? null : Unfit(IxfrFault.Broken, error.Text());
    }

    /// <summary>What led here from what is held, for a history that others may ask for.</summary>
    private ContentOrigin? OriginOf(ZoneContent content, DifferenceSequence? differences)
    {
        long most = _services.Options.HistoryBytes;
        if (most > 0 && _request.Served is { } served && served.Serial == content.Serial && served.Hash != content.Hash)
            return new ContentOrigin(served.Hash, null);
        if (most == 0 || _request.Held is not { } held)
            return null;
        try
        {
            if (differences is null && !ContentComparison.TryCompare(held, content, most, out differences))
                return null;
        }
        catch (IOException)
        {
            // What is held has been replaced or cannot be read: the history begins anew with this content.
            return null;
        }

        return differences.Octets.Length <= most ? new ContentOrigin(held.Hash, differences) : null;
    }

    /// <summary>The zone's name once in memory and not twice, where master and requester write it alike.</summary>
    private ZoneFacts Shared(ZoneFacts facts) =>
        facts.Apex.Wire.SequenceEqual(_request.Zone.Wire) ? facts with { Apex = _request.Zone } : facts;

    private long LargestDifferences(ZoneContent from) =>
        Math.Max(_services.Options.IxfrSmallestBound, from.ByteCount / 100 * _services.Options.IxfrMaximumPercent);

    private ZoneContentLimits Limits() => new(
        _request.Limits.MaxRecords > 0 ? _request.Limits.MaxRecords : long.MaxValue,
        _request.Limits.MaxBytes > 0 ? _request.Limits.MaxBytes : long.MaxValue);

    private void TellMoving()
    {
        long now = _services.Clock.GetTimestamp();
        if (_services.Clock.GetElapsedTime(_lastMoving, now) < MovingInterval)
            return;
        _lastMoving = now;
        _moving(new TransferMoving(_request.Id, _bytes, _records));
    }
}
