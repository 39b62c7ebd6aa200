using System.Buffers.Binary;
using Agent.Actors.Listeners;
using Agent.Dns.Wire;

namespace Agent.Host.Sockets;

/// <summary>The queries that were passed on and are not answered yet: a table of fixed size that never allocates after its start.</summary>
/// <remarks>
/// Each open query has a fresh random id, unique among the open ones. An answer belongs to it only when it comes the way that the query
/// went and id and question both agree; everything else is nobody's. An error may come without a question: a server that cannot read a
/// query, or does not know its key, repeats none of it (NSD does so), and such an answer brings no records. Queries end in the order in
/// which they came when time runs out, so the oldest is always first.
/// Not thread-safe: one owner, or a lock around it.
/// </remarks>
internal sealed class RelayTable
{
    /// <summary>Up to this size an id is found by looking at every entry; beyond it by an index over all ids.</summary>
    private const int ScannedMax = 64;

    private const int None = -1;
    private const int QuestionTail = 4;
    private const int OptBytes = 11;
    private const int HeadBytesMax = MessageHeader.Size + NameReader.MaximumLength + QuestionTail + OptBytes;
    private const int Ids = 1 << 16;

    private readonly OpenQuery[] _queries;
    private readonly byte[] _heads;
    private readonly short[]? _slotOfId;
    private int _free;
    private int _oldest = None;
    private int _newest = None;

    public RelayTable(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        // Half of the ids stay free, so a random one is soon found.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, Ids / 2);
        _queries = new OpenQuery[capacity];
        _heads = new byte[capacity * HeadBytesMax];
        if (capacity > ScannedMax)
        {
            _slotOfId = new short[Ids];
            Array.Fill(_slotOfId, (short)None);
        }
        for (int slot = 0; slot < capacity; slot++)
        {
            _queries[slot].Next = slot + 1 < capacity ? slot + 1 : None;
        }
    }

    public int OpenCount { get; private set; }

    public bool IsFull => _free == None;

    /// <summary>The number of the newest query; they are counted from 1 in the order in which they were opened.</summary>
    public long NewestNumber { get; private set; }

    /// <summary>Writes the query as it goes to the server and remembers it.</summary>
    /// <param name="query">As it came.</param>
    /// <param name="client">Who gets the answer.</param>
    /// <param name="hints">What is known of the query.</param>
    /// <param name="deadlineMs">Until when the server may answer.</param>
    /// <param name="forwarded">Room for the query as it leaves.</param>
    /// <param name="path">The way it leaves by; an answer by another is none.</param>
    /// <returns>False when the table is full.</returns>
    public bool TryOpen(
        ReadOnlySpan<byte> query, in ReplyToken client, in RelayHints hints, long deadlineMs, Span<byte> forwarded, int path = 0)
    {
        int slot = _free;
        if (slot == None)
        {
            return false;
        }
        ref OpenQuery open = ref _queries[slot];
        _free = open.Next;
        open.Client = client;
        open.DeadlineMs = deadlineMs;
        open.Id = FreshId();
        open.ClientId = BinaryPrimitives.ReadUInt16BigEndian(query);
        open.ClientRecursionDesired = (query[2] & 1) != 0;
        open.IsSigned = hints.IsSigned;
        open.Signature = hints.Signature;
        open.QuestionBytes = hints.QuestionEnd - MessageHeader.Size;
        open.HeadBytes = WriteHead(slot, query, hints);
        open.InUse = true;
        open.Path = path;
        open.Number = ++NewestNumber;
        Append(slot);
        if (_slotOfId is not null)
        {
            _slotOfId[open.Id] = (short)slot;
        }
        query[..hints.ForwardedBytes(query.Length)].CopyTo(forwarded);
        if (open.Signature is not null)
        {
            RelaySignature.TakeOff(forwarded);
        }
        BinaryPrimitives.WriteUInt16BigEndian(forwarded, open.Id);
        if (!open.IsSigned)
        {
            // The server behind us must not resolve for the world on our account.
            forwarded[2] &= 0xFE;
        }
        OpenCount++;
        return true;
    }

    /// <summary>Finds the open query of an answer; -1 when it answers none.</summary>
    public int Match(ReadOnlySpan<byte> answer, int path = 0)
    {
        if (!MessageHeader.TryRead(answer, out MessageHeader header) || !header.IsResponse
            || header.Opcode != Opcode.Query || header.QuestionCount > 1)
        {
            return None;
        }
        int slot = SlotOf(header.Id);
        if (slot == None || _queries[slot].Path != path)
        {
            return None;
        }
        if (header.QuestionCount == 0)
        {
            return IsBareError(header) ? slot : None;
        }
        ReadOnlySpan<byte> asked = Head(slot).Slice(MessageHeader.Size, _queries[slot].QuestionBytes);
        ReadOnlySpan<byte> answered = answer[MessageHeader.Size..];
        if (answered.Length < asked.Length)
        {
            return None;
        }
        answered = answered[..asked.Length];
        bool same = answered[^QuestionTail..].SequenceEqual(asked[^QuestionTail..])
            && NameBytes.Equal(answered[..^QuestionTail], asked[..^QuestionTail]);
        return same ? slot : None;
    }

    /// <summary>The client of an open query.</summary>
    public ref readonly ReplyToken Client(int slot) => ref _queries[slot].Client;

    /// <summary>Turns the server's answer into the client's: its id, and its RD bit unless a signature covers it.</summary>
    public void Restore(int slot, Span<byte> answer)
    {
        ref readonly OpenQuery open = ref _queries[slot];
        BinaryPrimitives.WriteUInt16BigEndian(answer, open.ClientId);
        if (!open.IsSigned)
        {
            answer[2] = (byte)((answer[2] & 0xFE) | (open.ClientRecursionDesired ? 1 : 0));
        }
    }

    /// <summary>Writes the answer for a query that the server did not answer.</summary>
    public int WriteFailure(int slot, Span<byte> reply, ExtendedErrorCode reason) =>
        ReplyWriter.Write(Head(slot), reply, ResponseCode.ServFail, authoritative: false, RequestPipeline.PayloadBytes, reason);

    /// <summary>Writes the answer that sends the client to TCP.</summary>
    public int WriteTruncated(int slot, Span<byte> reply, in MessageHeader answer)
    {
        int length = ReplyWriter.Write(Head(slot), reply, answer.ResponseCode, answer.IsAuthoritative, RequestPipeline.PayloadBytes);
        reply[2] |= MessageHeader.TruncatedFlag >> 8;
        return length;
    }

    /// <summary>Signs what leaves for a client whose signature was taken off; an answer that is too long with it is cut.</summary>
    /// <param name="slot">The open query.</param>
    /// <param name="reply">The client's answer, with room behind it.</param>
    /// <param name="length">Octets of it.</param>
    /// <returns>The new length; the old one for all others.</returns>
    public int Sign(int slot, Span<byte> reply, int length)
    {
        if (_queries[slot].Signature is not { } signature)
        {
            return length;
        }
        if (length + signature.Bytes > Math.Min(reply.Length, signature.AnswerBytesMax)
            && MessageHeader.TryRead(reply, out MessageHeader header))
        {
            length = WriteTruncated(slot, reply, header);
        }
        return signature.Sign(reply, length);
    }

    /// <summary>Octets that <see cref="Sign"/> adds; 0 for a query without a signature of ours.</summary>
    public int SignatureBytes(int slot) => _queries[slot].Signature?.Bytes ?? 0;

    /// <summary>Forgets an open query.</summary>
    public void Close(int slot)
    {
        ref OpenQuery open = ref _queries[slot];
        if (_slotOfId is not null)
        {
            _slotOfId[open.Id] = None;
        }
        Unlink(slot);
        open.InUse = false;
        open.Signature = null;
        open.Next = _free;
        _free = slot;
        OpenCount--;
    }

    /// <summary>The oldest query when its time is over; -1 when none is.</summary>
    public int Expired(long nowMs) => _oldest != None && _queries[_oldest].DeadlineMs <= nowMs ? _oldest : None;

    /// <summary>The oldest query when it is this one or came before it; -1 otherwise.</summary>
    public int OpenedUpTo(long number) => _oldest != None && _queries[_oldest].Number <= number ? _oldest : None;

    /// <summary>The oldest open query; -1 when none is open.</summary>
    public int Oldest => _oldest;

    /// <summary>The newest open query; -1 when none is open.</summary>
    public int Newest => _newest;

    /// <summary>The open query that came after this one; -1 when none did.</summary>
    public int After(int slot) => _queries[slot].Next;

    private static bool IsBareError(in MessageHeader answer) =>
        answer is { AnswerCount: 0, AuthorityCount: 0, ResponseCode: not ResponseCode.NoError };

    private Span<byte> Head(int slot) => _heads.AsSpan(slot * HeadBytesMax, _queries[slot].HeadBytes);

    private int WriteHead(int slot, ReadOnlySpan<byte> query, in RelayHints hints)
    {
        Span<byte> head = _heads.AsSpan(slot * HeadBytesMax, HeadBytesMax);
        query[..hints.QuestionEnd].CopyTo(head);
        head[6..MessageHeader.Size].Clear();
        if (!hints.HasEdns)
        {
            return hints.QuestionEnd;
        }
        // Enough of an OPT for an answer of ours to have one too.
        head[MessageHeader.Size - 1] = 1;
        Span<byte> opt = head.Slice(hints.QuestionEnd, OptBytes);
        opt.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(opt[1..], (ushort)RecordType.OPT);
        BinaryPrimitives.WriteUInt16BigEndian(opt[3..], RequestPipeline.PayloadBytes);
        return hints.QuestionEnd + OptBytes;
    }

    private ushort FreshId()
    {
        ushort id = MessageIds.Next();
        while (SlotOf(id) != None)
        {
            id = MessageIds.Next();
        }
        return id;
    }

    private int SlotOf(ushort id)
    {
        if (_slotOfId is not null)
        {
            return _slotOfId[id];
        }
        for (int slot = 0; slot < _queries.Length; slot++)
        {
            if (_queries[slot].InUse && _queries[slot].Id == id)
            {
                return slot;
            }
        }
        return None;
    }

    private void Append(int slot)
    {
        _queries[slot].Previous = _newest;
        _queries[slot].Next = None;
        if (_newest == None)
        {
            _oldest = slot;
        }
        else
        {
            _queries[_newest].Next = slot;
        }
        _newest = slot;
    }

    private void Unlink(int slot)
    {
        ref readonly OpenQuery open = ref _queries[slot];
        if (open.Previous == None)
        {
            _oldest = open.Next;
        }
        else
        {
            _queries[open.Previous].Next = open.Next;
        }
        if (open.Next == None)
        {
            _newest = open.Previous;
        }
        else
        {
            _queries[open.Next].Previous = open.Previous;
        }
    }

    private struct OpenQuery
    {
        public ReplyToken Client;
        public RelaySignature? Signature;
        public long DeadlineMs;
        public long Number;
        public int Path;
        public int QuestionBytes;
        public int HeadBytes;
        public int Next;
        public int Previous;
        public ushort Id;
        public ushort ClientId;
        public bool ClientRecursionDesired;
        public bool IsSigned;
        public bool InUse;
    }
}
