namespace Agent.Dns.Net;

/// <summary>Sorts the datagrams of a batch into groups that the kernel can take as one message and cut up itself.</summary>
/// <remarks>
/// <para>
/// Sending is the dearest part of passing a query on: each datagram alone walks the whole stack, down to the device and, on one
/// machine, up again. With <c>UDP_SEGMENT</c> (udp(7)) datagrams of one length between the same two ends walk it together. Their order
/// among each other stays; that of different groups does not matter to UDP.
/// </para>
/// <para>
/// The last datagram of a message may be shorter than the others. So one that found no equal goes as the tail of longer ones: of a
/// client's few answers in a batch hardly two have one length.
/// </para>
/// <para>Owned by the batch's thread; allocates nothing after its start.</para>
/// </remarks>
internal sealed class SendGroups
{
    /// <summary>The kernel's bound was 64 before it became 128; so many of the longest members also fit one message.</summary>
    public const int MembersMax = 52;

    /// <summary>Longer datagrams go alone: a group's datagrams must fit the path's smallest usual packet.</summary>
    public const int MemberBytesMax = 1232;

    private readonly int[] _first;
    private readonly int[] _last;
    private readonly int[] _members;
    private readonly int[] _next;
    private readonly int[] _ends;
    private readonly bool[] _hasTail;

    public SendGroups(int slots)
    {
        _ends = new int[slots];
        _hasTail = new bool[slots];
        _first = new int[slots];
        _last = new int[slots];
        _members = new int[slots];
        _next = new int[slots];
    }

    /// <summary>The groups of the last <see cref="Sort"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Puts every pending datagram into one group.</summary>
    /// <param name="batch">The batch that these groups belong to.</param>
    /// <param name="together">False leaves each datagram alone.</param>
    /// <param name="connected">Whether all go to the same peer, whatever the batch says of their destination.</param>
    public void Sort(MmsgBatch batch, bool together, bool connected)
    {
        Count = 0;
        for (int index = 0; index < batch.PendingCount; index++)
        {
            _next[index] = -1;
            _ends[index] = connected ? 0 : EndsOf(batch, index);
            int length = batch.SendLengths[index];
            int group = together && length is > 0 and <= MemberBytesMax ? Find(batch, index, length, connected) : -1;
            if (group < 0)
            {
                _first[Count] = _last[Count] = index;
                _hasTail[Count] = false;
                _members[Count++] = 1;
            }
            else
            {
                Append(group, index);
            }
        }
        if (together)
        {
            TakeTails(batch, connected);
        }
    }

    /// <summary>How many datagrams the group has.</summary>
    public int Members(int group) => _members[group];

    /// <summary>The slot of the group's first datagram.</summary>
    public int First(int group) => _first[group];

    /// <summary>The slot of the datagram behind this one in its group; -1 behind the last.</summary>
    public int Next(int index) => _next[index];

    /// <summary>Puts those that are alone behind longer ones. From the last on, so that the last group may fill any gap.</summary>
    private void TakeTails(MmsgBatch batch, bool connected)
    {
        for (int group = Count - 1; group >= 0; group--)
        {
            int longer = _members[group] == 1 ? FindLonger(batch, _first[group], connected) : -1;
            if (longer < 0)
            {
                continue;
            }
            Append(longer, _first[group]);
            _hasTail[longer] = true;
            Count--;
            _first[group] = _first[Count];
            _last[group] = _last[Count];
            _members[group] = _members[Count];
            _hasTail[group] = _hasTail[Count];
        }
    }

    private void Append(int group, int index)
    {
        _next[_last[group]] = index;
        _last[group] = index;
        _members[group]++;
    }

    private int FindLonger(MmsgBatch batch, int index, bool connected)
    {
        int length = batch.SendLengths[index];
        for (int group = 0; length > 0 && group < Count; group++)
        {
            int head = _first[group];
            int headLength = batch.SendLengths[head];
            if (_ends[head] == _ends[index]
                && headLength > length
                && headLength <= MemberBytesMax
                && !_hasTail[group]
                && _members[group] < MembersMax
                && (connected || HaveSameEnds(batch, head, index)))
            {
                return group;
            }
        }
        return -1;
    }

    private int Find(MmsgBatch batch, int index, int length, bool connected)
    {
        // Neighbours in time are likely neighbours in a group, so the newest groups are looked at first.
        for (int group = Count - 1; group >= 0; group--)
        {
            int head = _first[group];
            if (batch.SendLengths[head] == length
                && _ends[head] == _ends[index]
                && _members[group] < MembersMax
                && (connected || HaveSameEnds(batch, head, index)))
            {
                return group;
            }
        }
        return -1;
    }

    /// <summary>Differs for most that differ, and is cheap to compare.</summary>
    private static int EndsOf(MmsgBatch batch, int index)
    {
        ref NetworkEndpoint destination = ref batch.Destinations[index];
        return (int)(uint)destination.Address ^ (destination.Port << 16);
    }

    private static bool HaveSameEnds(MmsgBatch batch, int one, int other) =>
        batch.Destinations[one] == batch.Destinations[other] && batch.SendLocals[one] == batch.SendLocals[other];
}
