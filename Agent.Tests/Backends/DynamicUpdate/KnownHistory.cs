using Agent.Actors.Backends;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.DynamicUpdate;

/// <summary>A history of the steps that a test gives it.</summary>
internal sealed class KnownHistory : IContentHistory
{
    private readonly List<(ZoneContent From, ZoneContent To, DifferenceSequence Step)> _steps = [];

    private int _found;

    /// <summary>Questions that had an answer.</summary>
    public int Found => Volatile.Read(ref _found);

    public void Add(ZoneContent from, ZoneContent to)
    {
        Assert.True(ContentComparison.TryCompare(from, to, long.MaxValue, out DifferenceSequence? step));
        _steps.Add((from, to, step));
    }

    public DifferenceSequence? Find(ZoneContent content, ContentHash from) => Find(content, known => known.Hash == from);

    public DifferenceSequence? Find(ZoneContent content, uint fromSerial) => Find(content, known => known.Serial == fromSerial);

    private DifferenceSequence? Find(ZoneContent content, Predicate<ZoneContent> isStart)
    {
        List<byte> octets = [];
        ContentHash reached = content.Hash;
        for (int i = _steps.Count - 1; i >= 0; i--)
        {
            if (_steps[i].To.Hash != reached) continue;
            octets.InsertRange(0, _steps[i].Step.Octets.Span);
            reached = _steps[i].From.Hash;
            if (!isStart(_steps[i].From)) continue;
            Interlocked.Increment(ref _found);
            Assert.True(DifferenceSequence.TryLoad(content.Apex, [.. octets], out DifferenceSequence? whole));
            return whole;
        }

        return null;
    }
}
