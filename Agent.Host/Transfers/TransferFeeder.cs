using System.Buffers;
using System.Buffers.Binary;
using Agent.Dns.Net;
using Agent.Dns.Transfers;
using Agent.Dns.Wire;

namespace Agent.Host.Transfers;

/// <summary>Cuts what arrived into messages and feeds them to the machine, the signature first.</summary>
internal sealed class TransferFeeder : IDisposable
{
    private readonly XfrMachine<IntakeSink> _machine;
    private readonly TransferSignature? _signature;
    private byte[]? _joined;
    private bool _readsExpire;

    /// <param name="machine">Takes the messages.</param>
    /// <param name="signature">Judges them; null when the question was not signed.</param>
    /// <param name="asksExpire">The question asked for the zone's life, which the first message tells.</param>
    public TransferFeeder(XfrMachine<IntakeSink> machine, TransferSignature? signature, bool asksExpire = false)
    {
        _machine = machine;
        _signature = signature;
        _readsExpire = asksExpire;
    }

    /// <summary>Where the transfer stands; anything but <see cref="XfrStatus.NeedMore"/> is final.</summary>
    public XfrStatus Status { get; private set; } = XfrStatus.NeedMore;

    /// <summary>What the master added to the error code that ended the transfer; empty if nothing.</summary>
    public string ExtendedError { get; private set; } = "";

    /// <summary>How long the zone may be served, if the master said it. As good as the whole transfer, not before.</summary>
    public TimeSpan? Expire { get; private set; }

    /// <summary>Takes all whole messages, until a final status; the position behind the last one.</summary>
    public SequencePosition Feed(ReadOnlySequence<byte> buffer)
    {
        while (Status == XfrStatus.NeedMore && TryCut(ref buffer, out ReadOnlySequence<byte> message))
            Status = Step(message);
        return buffer.Start;
    }

    public void Dispose()
    {
        if (_joined is not null)
            ArrayPool<byte>.Shared.Return(_joined);
        _joined = null;
    }

    private static bool TryCut(ref ReadOnlySequence<byte> buffer, out ReadOnlySequence<byte> message)
    {
        message = default;
        if (buffer.Length < TcpFramer.PrefixBytes)
            return false;
        Span<byte> prefix = stackalloc byte[TcpFramer.PrefixBytes];
        buffer.Slice(0, TcpFramer.PrefixBytes).CopyTo(prefix);
        long length = BinaryPrimitives.ReadUInt16BigEndian(prefix);
        if (buffer.Length < TcpFramer.PrefixBytes + length)
            return false;
        message = buffer.Slice(TcpFramer.PrefixBytes, length);
        buffer = buffer.Slice(TcpFramer.PrefixBytes + length);
        return true;
    }

    private XfrStatus Step(ReadOnlySequence<byte> message)
    {
        if (message.IsSingleSegment)
            return Step(message.FirstSpan);
        _joined ??= ArrayPool<byte>.Shared.Rent(ushort.MaxValue);
        message.CopyTo(_joined);
        return Step(_joined.AsSpan(0, (int)message.Length));
    }

    private XfrStatus Step(ReadOnlySpan<byte> message)
    {
        if (_signature is not null && !_signature.Accept(message))
            return _machine.Abort(XfrError.BadSignature);
        XfrStatus status = _machine.Step(message);
        if (_readsExpire && EdnsView.Find(message, out EdnsView edns) == WireError.None)
            Expire = edns.Expire;
        _readsExpire = false;
        if (status is not (XfrStatus.NeedMore or XfrStatus.Complete))
            ExtendedError = PeerText.ExtendedErrorOf(message);
        // The last message must be signed itself: what stands in unsigned ones before it is vouched for by the next signature only.
        return status == XfrStatus.Complete && _signature is { IsLastSigned: false } ? _machine.Abort(XfrError.BadSignature) : status;
    }
}
