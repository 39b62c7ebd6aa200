using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Security.Cryptography;
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
/// One AXFR. Two loops share a bounded buffer, so that the socket is drained while the disk is busy: <see cref="TransferReceiver"/>
/// fills it, this one cuts messages, checks them with the transfer machine and spools the records.
/// </summary>
/// <remarks>
/// <code>
///   take a kept connection or open one -- no connection --> Unreachable
///     | send the question
///     v            closed before the first byte, connection was a kept one: once more, on a fresh one
///   Receiving ---------------------------------------------------------------------------^
///     | complete: the content, or Guarded when it is not fit to be served; the connection goes back to the pool
///     | error code --> Refused    broken, cut, still, slow --> Broken    limit --> TooLarge    cancelled, no room --> GivenUp
/// </code>
/// </remarks>
internal sealed class TransferRun
{
    private static readonly TimeSpan MovingInterval = TimeSpan.FromMilliseconds(300);

    private readonly TransferZone _request;
    private readonly TransferServices _services;
    private readonly Action<TransferMoving> _moving;
    private readonly CancellationToken _cancelled;
    private readonly long _started;
    private long _lastMoving;
    private TimeSpan _waited;
    private long _messages;
    private long _bytes;
    private long _records;
    private long _dropped;

    public TransferRun(TransferZone request, TransferServices services, Action<TransferMoving> moving, CancellationToken cancelled)
    {
        _request = request;
        _services = services;
        _moving = moving;
        _cancelled = cancelled;
        _started = _lastMoving = services.Clock.GetTimestamp();
    }

    /// <summary>What was moved so far.</summary>
    public TransferStatistics Statistics => new(_messages, _bytes, _records, _dropped, _services.Clock.GetElapsedTime(_started));

    /// <summary>Runs to the one final message; no failure of master, network or disk passes as an exception.</summary>
    public async Task<object> RunAsync()
    {
        try
        {
            while (_services.Connections.TryTake(_request.Address.EndPoint, out MasterConnection? kept))
            {
                if (await TransferOverAsync(kept) is { } final)
                    return final;
            }
            MasterConnection fresh = await ConnectAsync();
            return await TransferOverAsync(fresh)
                ?? Fail(TransferFailure.Unreachable, ReasonCode.NoMaster, "it closed the connection at once");
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
        MasterConnection connection = await _services.Connections.ConnectAsync(_request.Address.EndPoint, linked.Token);
        _waited += _services.Clock.GetElapsedTime(started);
        return connection;
    }

    /// <summary>Null: the connection ended before the first byte of an answer. The connection is consumed.</summary>
    private async Task<object?> TransferOverAsync(MasterConnection connection)
    {
        string? keyName = _request.Address.Master.KeyName;
        using TransferSignature? signature = keyName is null ? null : _services.Keyring.Begin(keyName);
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
            ushort id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
            if (!await TrySendAsync(connection, id, signature))
                return null;
            FaultPoint.Pass("transfer.asked");
            long waiting = _services.Clock.GetTimestamp();
            await receiver.ReceiveFirstAsync();
            _waited += _services.Clock.GetElapsedTime(waiting);
            receiver.Start();
            object? final = await ReceiveAsync(pipe.Reader, receiver, id, signature);
            ReceiverEnd end = await receiver.StopAsync();
            bool isDrained = pipe.Reader.TryRead(out ReadResult rest) ? rest.Buffer.IsEmpty : true;
            isReusable = final is TransferCompleted && end == ReceiverEnd.Stopped && isDrained;
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
        byte[] buffer = ArrayPool<byte>.Shared.Rent(TcpFramer.PrefixBytes + TransferQuery.BufferSize + (signature?.SizeMaximum ?? 0));
        try
        {
            // No OPT: old masters answer it with FORMERR or hang up, and nothing in it matters to a transfer.
            int length = TransferQuery.WriteAxfr(buffer.AsSpan(TcpFramer.PrefixBytes), _request.Zone, id);
            if (signature is not null)
                length = signature.Sign(buffer.AsSpan(TcpFramer.PrefixBytes), length);
            int frame = TcpFramer.Seal(buffer, length);
            await connection.Socket.SendAsync(buffer.AsMemory(0, frame), _cancelled);
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

    private async Task<object?> ReceiveAsync(PipeReader reader, TransferReceiver receiver, ushort id, TransferSignature? signature)
    {
        ZoneContentLimits limits = Limits();
        using var spool = new SpoolStream(_services.Spool, _services.Options.SpoolMemoryBytes);
        using var builder = new ZoneContentBuilder(spool, limits);
        var request = new XfrRequest { Apex = _request.Zone, Id = id, Limits = limits };
        using var machine = new XfrMachine<ContentSink>(request, new ContentSink(builder));
        using var feeder = new TransferFeeder(machine, signature);
        while (true)
        {
            long waiting = _services.Clock.GetTimestamp();
            ReadResult read = await reader.ReadAsync(CancellationToken.None);
            _waited += _services.Clock.GetElapsedTime(waiting);
            SequencePosition consumed = feeder.Feed(read.Buffer);
            reader.AdvanceTo(consumed, read.Buffer.End);
            _messages = machine.MessageCount;
            _bytes = receiver.Bytes;
            _records = builder.RecordCount;
            _dropped = machine.OutOfZoneCount;
            if (feeder.Status == XfrStatus.Complete)
                return Complete(spool, builder);
            if (feeder.Status != XfrStatus.NeedMore)
                return Broken(machine, builder, signature);
            if (read.IsCompleted)
                return Ended(await receiver.StopAsync(), machine, receiver);
            receiver.Start();
            TellMoving();
        }
    }

    private object Complete(SpoolStream spool, ZoneContentBuilder builder)
    {
        ChangeMetrics.Waited(ChangeWait.MasterTransfer, _waited);
        if (!builder.TryComplete(out ZoneFacts? facts))
            return Fail(TransferFailure.Broken, ReasonCode.TransferBroken, builder.Error.Text());
        // Some servers refuse such a zone and some serve it; another master may have a better one.
        return builder.HasApexNameServer
            ? new TransferCompleted(_request.Id, _request.Address, spool.Complete(Shared(facts)), Statistics)
            : Fail(TransferFailure.Guarded, ReasonCode.GuardApex, $"the zone with serial {facts.Serial} has no NS at its apex");
    }

    /// <summary>The zone's name once in memory and not twice, where master and requester write it alike.</summary>
    private ZoneFacts Shared(ZoneFacts facts) =>
        facts.Apex.Wire.SequenceEqual(_request.Zone.Wire) ? facts with { Apex = _request.Zone } : facts;

    private TransferFailed Broken(XfrMachine<ContentSink> machine, ZoneContentBuilder builder, TransferSignature? signature)
    {
        XfrError error = machine.Error;
        if (error is XfrError.TooManyRecords or XfrError.TooManyBytes)
            return Fail(TransferFailure.TooLarge, ReasonCode.TransferTooLarge, error.Text());
        if (error == XfrError.SinkRefused)
        {
            return builder.Error is ZoneContentError.TooManyRecords or ZoneContentError.TooManyBytes
                ? Fail(TransferFailure.TooLarge, ReasonCode.TransferTooLarge, builder.Error.Text())
                : Fail(TransferFailure.Broken, ReasonCode.TransferBroken, builder.Error.Text());
        }
        if (error == XfrError.BadSignature)
            return Fail(TransferFailure.Broken, ReasonCode.TransferBroken, signature?.Error ?? error.Text());
        // An error code after records is a stream that broke off (MiniDNS ends so when a record fits no message), not a refusal.
        bool isRefusal = error is XfrError.Refused or XfrError.ErrorCode && machine.RemoteSerial is null;
        bool isBusy = isRefusal && machine.ResponseCode == ResponseCode.ServFail;
        return Fail(
            isBusy ? TransferFailure.Busy : isRefusal ? TransferFailure.Refused : TransferFailure.Broken,
            isRefusal ? ReasonCode.TransferRefused : ReasonCode.TransferBroken,
            machine.BadRecord is { } record ? $"{error.Text()}: {record}" : error.Text(machine.ResponseCode));
    }

    /// <summary>The stream is over, and the zone is not complete.</summary>
    private object? Ended(ReceiverEnd end, XfrMachine<ContentSink> machine, TransferReceiver receiver)
    {
        TransferLimits limits = _request.Limits;
        switch (end)
        {
            case ReceiverEnd.Cancelled:
                return Fail(TransferFailure.GivenUp, ReasonCode.Superseded, "the transfer was cancelled");
            case ReceiverEnd.Idle:
                return Fail(
                    TransferFailure.Broken,
                    ReasonCode.TransferTimeout,
                    $"nothing came for {limits.IdleTimeout.TotalSeconds:0.#} s after {Progress()}");
            case ReceiverEnd.TooSlow:
                return Fail(
                    TransferFailure.Broken,
                    ReasonCode.TransferTimeout,
                    $"after {limits.TotalTimeout.TotalSeconds:0.#} s slower than {limits.MinimumBytesPerSecond} bytes/s: {Progress()}");
            default:
                if (receiver.Bytes == 0)
                    return null;
                return machine.RemoteSerial is null
                    ? Fail(TransferFailure.Unreachable, ReasonCode.NoMaster, "the connection was lost before the first record")
                    : Fail(TransferFailure.Broken, ReasonCode.TransferBroken, $"the connection ended after {Progress()}");
        }
    }

    private string Progress() => $"{_records} records in {_messages} messages";

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

    private TransferFailed Fail(TransferFailure failure, string code, string why) => new(
        _request.Id,
        _request.Address,
        failure,
        new Reason(
            code, $"Transfer of {_request.Zone} from master {_request.Address.Master.Name} ({_request.Address.EndPoint}): {why}."));
}
