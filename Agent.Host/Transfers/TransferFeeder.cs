using System.Buffers;
using System.Buffers.Binary;
using Agent.Dns.Net;
using Agent.Dns.Transfers;

namespace Agent.Host.Transfers;

/// <summary>Cuts what arrived into messages and feeds them to the machine, the signature first.</summary>
internal sealed class TransferFeeder : IDisposable
{
    private readonly XfrMachine<IntakeSink> _machine;
    private readonly TransferSignature? _signature;
    private byte[]? _joined;

    public TransferFeeder(XfrMachine<IntakeSink> machine, TransferSignature? signature)
    {
        _machine = machine;
        _signature = signature;
    }

    /// <summary>Where the transfer stands; anything but <see cref="XfrStatus.NeedMore"/> is final.</summary>
    public XfrStatus Status { get; private set; } = XfrStatus.NeedMore;

    /// <summary>What the master added to the error code that ended the transfer; empty if nothing.</summary>
    public string ExtendedError { get; private set; } = "";

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
        if (status is not (XfrStatus.NeedMore or XfrStatus.Complete))
            ExtendedError = PeerText.ExtendedErrorOf(message);
        // The last message must be signed itself: what stands in unsigned ones before it is vouched for by the next signature only.
        return status == XfrStatus.Complete && _signature is { IsLastSigned: false } ? _machine.Abort(XfrError.BadSignature) : status;
    }
}
