using System.Runtime.InteropServices;

namespace Agent.Dns.Net;

/// <summary>A fixed set of datagram slots, received and to be sent, in one block of native memory.</summary>
/// <remarks>
/// Owned by one thread. The headers that the batched system calls want are linked once, so receiving and sending write nothing but
/// lengths and addresses. The portable socket uses the same slots and leaves the headers alone. A batch may serve several sockets of
/// its thread one after the other: what was received is valid until the next receive, what was committed until the next send.
/// </remarks>
public sealed unsafe class MmsgBatch : IDisposable
{
    /// <summary>Slots of a batch unless told otherwise.</summary>
    public const int DefaultSlots = 64;

    /// <summary>Octets of a slot unless told otherwise; a longer datagram is cut and marked.</summary>
    public const int DefaultSlotBytes = 4096;

    private const int HeaderBytes = 64;
    private const int VectorBytes = 16;
    /// <summary>Slots of a power of two would all begin in the same few lines of the processor's cache.</summary>
    private const int SlotGapBytes = 192;

    private const int SlotOverhead = HeaderBytes + VectorBytes + NativeAddress.AddressBytes + NativeAddress.ControlBytes;

    private readonly Libc.MmsgHeader* _receiveHeaders;
    private readonly Libc.MmsgHeader* _sendHeaders;
    private readonly byte* _receiveSlab;
    private readonly byte* _sendSlab;
    private readonly NetworkEndpoint[] _sources;
    private readonly NetworkEndpoint[] _locals;
    private readonly int[] _receivedLengths;
    private readonly bool[] _truncated;
    private readonly nuint _stride;
    private void* _block;

    /// <summary>Allocates the slots.</summary>
    /// <param name="slots">Datagrams per system call, 1 to 1024.</param>
    /// <param name="slotBytes">Octets per datagram, 512 to 65535.</param>
    public MmsgBatch(int slots = DefaultSlots, int slotBytes = DefaultSlotBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(slots, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slots, 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(slotBytes, 512);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(slotBytes, 65535);
        Slots = slots;
        SlotBytes = slotBytes;
        _sources = new NetworkEndpoint[slots];
        _locals = new NetworkEndpoint[slots];
        _receivedLengths = new int[slots];
        _truncated = new bool[slots];
        SendLengths = new int[slots];
        Destinations = new NetworkEndpoint[slots];
        SendLocals = new NetworkEndpoint[slots];
        Groups = new SendGroups(slots);
        _stride = (((nuint)slotBytes + 63) & ~(nuint)63) + SlotGapBytes;
        nuint slab = (nuint)slots * _stride;
        nuint total = (2 * (nuint)slots * SlotOverhead) + (2 * slab);
        _block = NativeMemory.AlignedAlloc(total, 64);
        NativeMemory.Clear(_block, total);
        byte* cursor = (byte*)_block;
        _receiveHeaders = (Libc.MmsgHeader*)cursor;
        cursor += slots * HeaderBytes;
        _sendHeaders = (Libc.MmsgHeader*)cursor;
        cursor += slots * HeaderBytes;
        _receiveSlab = cursor + (2 * slots * (SlotOverhead - HeaderBytes));
        _sendSlab = _receiveSlab + slab;
        Link(_receiveHeaders, _receiveSlab, ref cursor);
        SendVectors = (Libc.IoVector*)cursor;
        Link(_sendHeaders, _sendSlab, ref cursor);
    }

    /// <summary>Returns the block when the owner forgot to.</summary>
    ~MmsgBatch() => Release();

    /// <summary>Datagrams per system call.</summary>
    public int Slots { get; }

    /// <summary>Octets per datagram.</summary>
    public int SlotBytes { get; }

    /// <summary>How many datagrams the last receive brought.</summary>
    public int ReceivedCount { get; internal set; }

    /// <summary>How many datagrams wait for the next send.</summary>
    public int PendingCount { get; private set; }

    /// <summary>Whether no further datagram can be committed before a send.</summary>
    public bool IsFull => PendingCount == Slots;

    internal Libc.MmsgHeader* ReceiveHeaders => _receiveHeaders;

    internal Libc.MmsgHeader* SendHeaders => _sendHeaders;

    /// <summary>The octets of a received datagram, valid until the next receive.</summary>
    public ReadOnlySpan<byte> Received(int index) => ReceiveSlot(index)[.._receivedLengths[index]];

    /// <summary>Where a received datagram came from.</summary>
    public ref readonly NetworkEndpoint Source(int index) => ref _sources[index];

    /// <summary>The local address and port that a received datagram was sent to.</summary>
    public ref readonly NetworkEndpoint Local(int index) => ref _locals[index];

    /// <summary>Whether a received datagram was longer than the slot.</summary>
    public bool IsTruncated(int index) => _truncated[index];

    /// <summary>The free slot that <see cref="Commit(int, in NetworkEndpoint, in NetworkEndpoint)"/> will send; not when full.</summary>
    public Span<byte> NextSend
    {
        get
        {
            ObjectDisposedException.ThrowIf(_block == null, this);
            return IsFull ? [] : new Span<byte>(SendSlot(PendingCount), SlotBytes);
        }
    }

    /// <summary>Puts the first <paramref name="length"/> octets of <see cref="NextSend"/> on the way.</summary>
    /// <param name="length">Octets to send.</param>
    /// <param name="destination">Where to; ignored by a connected socket.</param>
    /// <param name="local">The address to send from, as it came with the request.</param>
    public void Commit(int length, in NetworkEndpoint destination, in NetworkEndpoint local)
    {
        if ((uint)length > (uint)SlotBytes || IsFull)
        {
            throw new ArgumentOutOfRangeException(nameof(length), length, "longer than a slot, or no slot is free");
        }
        int index = PendingCount++;
        SendLengths[index] = length;
        Destinations[index] = destination;
        SendLocals[index] = local;
    }

    /// <summary>Puts a datagram for a connected socket on the way.</summary>
    public void Commit(int length) => Commit(length, default, default);

    internal SendGroups Groups { get; }

    /// <summary>The vectors behind <see cref="SendHeaders"/>, as many as slots, one after the other.</summary>
    internal Libc.IoVector* SendVectors { get; }

    internal int[] SendLengths { get; }

    internal NetworkEndpoint[] Destinations { get; }

    internal NetworkEndpoint[] SendLocals { get; }

    internal Span<byte> ReceiveSlot(int index)
    {
        ObjectDisposedException.ThrowIf(_block == null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Slots);
        return new Span<byte>(_receiveSlab + ((nuint)index * _stride), SlotBytes);
    }

    internal ReadOnlySpan<byte> Pending(int index) => new(SendSlot(index), SendLengths[index]);

    internal byte* SendSlot(int index) => _sendSlab + ((nuint)index * _stride);

    internal void SetReceived(int index, int length, bool truncated, in NetworkEndpoint source, in NetworkEndpoint local)
    {
        _receivedLengths[index] = Math.Min(length, SlotBytes);
        _truncated[index] = truncated;
        _sources[index] = source;
        _locals[index] = local;
    }

    internal void ClearPending() => PendingCount = 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Link(Libc.MmsgHeader* headers, byte* slab, ref byte* cursor)
    {
        var vectors = (Libc.IoVector*)cursor;
        byte* addresses = cursor + (Slots * VectorBytes);
        byte* controls = addresses + (Slots * NativeAddress.AddressBytes);
        for (int index = 0; index < Slots; index++)
        {
            vectors[index].Base = slab + ((nuint)index * _stride);
            vectors[index].Length = (nuint)SlotBytes;
            headers[index].Header.Name = addresses + (index * NativeAddress.AddressBytes);
            headers[index].Header.Vectors = vectors + index;
            headers[index].Header.VectorCount = 1;
            headers[index].Header.Control = controls + (index * NativeAddress.ControlBytes);
        }
        cursor = controls + (Slots * NativeAddress.ControlBytes);
    }

    private void Release()
    {
        void* block = _block;
        _block = null;
        NativeMemory.AlignedFree(block);
    }
}
