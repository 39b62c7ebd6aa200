namespace Agent.Actors.Kernel;

/// <summary>
/// A hierarchical timing wheel (Varghese and Lauck, 1987): starting and cancelling cost the same whatever the number of timers, and
/// cancelled timers leave nothing behind.
/// </summary>
/// <remarks>
/// Four levels of 256 slots. Level 0 holds what is due within 256 ticks, one tick per slot; level n holds slots of 256^n ticks. When the
/// tick enters a new slot of a higher level, that slot's nodes are distributed to the levels below. Farther than the last level reaches
/// (2^32 ticks) is put at its far end and distributed again from there. Not thread-safe.
/// </remarks>
internal sealed class TimingWheel
{
    private const int LevelBits = 8;
    private const int SlotsPerLevel = 1 << LevelBits;
    private const int LevelCount = 4;

    private readonly TimerNode?[] _slots = new TimerNode?[LevelCount * SlotsPerLevel];

    // Nodes in level 0. While there are none, nothing can happen before the next slot of level 1.
    private int _lowCount;

    /// <summary>The tick up to which everything due has been taken.</summary>
    internal long Now { get; private set; }

    internal int Count { get; private set; }

    /// <summary>Adds a node; what is due now or earlier comes with the next tick.</summary>
    internal void Add(TimerNode node, long due)
    {
        node.Due = Math.Max(due, Now + 1);
        Link(node);
        Count++;
    }

    internal bool Remove(TimerNode node)
    {
        if (node.Slot < 0) return false;
        if (node.Earlier is { } earlier) earlier.Later = node.Later;
        else _slots[node.Slot] = node.Later;
        if (node.Later is { } later) later.Earlier = node.Earlier;
        if (node.Slot < SlotsPerLevel) _lowCount--;
        Unlink(node);
        Count--;
        return true;
    }

    /// <summary>Moves the time on and yields what became due, in order of time; nodes of the same tick in any order.</summary>
    internal void AdvanceTo(long now, List<TimerNode> due)
    {
        while (Now < now)
        {
            if (Count == 0)
            {
                Now = now;
                return;
            }
            if (_lowCount == 0) Now = Math.Min(now, Now | (SlotsPerLevel - 1));
            if (Now == now) return;
            Now++;
            for (int level = 1; level < LevelCount && (Now & Mask(level)) == 0; level++) Distribute(level);
            TakeSlot((int)(Now & (SlotsPerLevel - 1)), due);
        }
    }

    /// <summary>Ticks until the wheel must be looked at again; never more than one turn of the lowest level, null when it is
    /// empty.</summary>
    internal int? TicksToNext()
    {
        if (Count == 0) return null;
        if (_lowCount == 0) return SlotsPerLevel - (int)(Now & (SlotsPerLevel - 1));
        for (int ticks = 1; ticks <= SlotsPerLevel; ticks++)
        {
            long tick = Now + ticks;
            if ((tick & (SlotsPerLevel - 1)) == 0 || _slots[(int)(tick & (SlotsPerLevel - 1))] is not null) return ticks;
        }
        return SlotsPerLevel;
    }

    private static long Mask(int level) => (1L << (LevelBits * level)) - 1;

    private static void Unlink(TimerNode node)
    {
        node.Slot = -1;
        node.Earlier = null;
        node.Later = null;
    }

    private void Link(TimerNode node)
    {
        long due = Math.Min(node.Due, Now + Mask(LevelCount));
        int level = 0;
        // The level is chosen by the slot, not by the distance: a node belongs where its slot is not the current one.
        while (level < LevelCount - 1 && (due >> (LevelBits * (level + 1))) != (Now >> (LevelBits * (level + 1)))) level++;
        int slot = (level * SlotsPerLevel) + (int)((due >> (LevelBits * level)) & (SlotsPerLevel - 1));
        if (level == 0) _lowCount++;
        node.Slot = slot;
        node.Earlier = null;
        node.Later = _slots[slot];
        if (node.Later is not null) node.Later.Earlier = node;
        _slots[slot] = node;
    }

    private void Distribute(int level)
    {
        int slot = (level * SlotsPerLevel) + (int)((Now >> (LevelBits * level)) & (SlotsPerLevel - 1));
        TimerNode? node = _slots[slot];
        _slots[slot] = null;
        while (node is not null)
        {
            TimerNode next = node;
            node = node.Later;
            Link(next);
        }
    }

    private void TakeSlot(int slot, List<TimerNode> due)
    {
        TimerNode? node = _slots[slot];
        _slots[slot] = null;
        while (node is not null)
        {
            TimerNode next = node;
            node = node.Later;
            Unlink(next);
            Count--;
            _lowCount--;
            due.Add(next);
        }
    }
}
