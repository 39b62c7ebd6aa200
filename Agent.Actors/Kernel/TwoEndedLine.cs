using System.Diagnostics.CodeAnalysis;

namespace Agent.Actors.Kernel;

/// <summary>
/// A line that is served from both ends in turn: of two turns one is for whoever has waited longest, and the other for whoever came last.
/// </summary>
/// <remarks>
/// So one who comes alone behind a crowd does not wait for all of it, however large it is, and nobody waits more than twice as long as it
/// would if the first always came first. Nothing but the order of coming tells one from a crowd: all of a crowd may have been quiet for
/// days.
/// </remarks>
public sealed class TwoEndedLine<T>
{
    private const int SizeMin = 4;

    private T[] _ring = [];
    private int _oldest;
    private bool _isNewestsTurn;

    /// <summary>How many wait.</summary>
    public int Count { get; private set; }

    /// <summary>The one at this place, 0 for the oldest.</summary>
    public T this[int place] => _ring[(_oldest + place) & (_ring.Length - 1)];

    /// <summary>Comes last.</summary>
    public void Join(T item)
    {
        if (Count == _ring.Length) Resize(Math.Max(SizeMin, Count * 2));
        _ring[(_oldest + Count) & (_ring.Length - 1)] = item;
        Count++;
    }

    /// <summary>Whose turn it is; the next <see cref="TryTake"/> takes it, unless another joins.</summary>
    public bool TryPeek([MaybeNullWhen(false)] out T item)
    {
        item = Count == 0 ? default : this[_isNewestsTurn ? Count - 1 : 0];
        return Count > 0;
    }

    /// <summary>Takes whose turn it is.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T item)
    {
        bool isNewest = _isNewestsTurn;
        _isNewestsTurn = !isNewest;
        return isNewest ? TryTakeNewest(out item) : TryTakeOldest(out item);
    }

    /// <summary>Takes who has waited longest; no turn.</summary>
    public bool TryTakeOldest([MaybeNullWhen(false)] out T item)
    {
        if (Count == 0)
        {
            item = default;
            return false;
        }

        item = Clear(_oldest);
        _oldest = (_oldest + 1) & (_ring.Length - 1);
        Count--;
        return true;
    }

    /// <summary>Takes who came last; no turn.</summary>
    public bool TryTakeNewest([MaybeNullWhen(false)] out T item)
    {
        if (Count == 0)
        {
            item = default;
            return false;
        }

        Count--;
        item = Clear((_oldest + Count) & (_ring.Length - 1));
        return true;
    }

    /// <summary>Gives back what a crowd has filled.</summary>
    public void TrimExcess()
    {
        int size = SizeMin;
        while (size < Count) size *= 2;
        if (size < _ring.Length) Resize(size);
    }

    private T Clear(int at)
    {
        T item = _ring[at];
        _ring[at] = default!;
        return item;
    }

    private void Resize(int size)
    {
        var ring = new T[size];
        for (int place = 0; place < Count; place++) ring[place] = this[place];
        (_ring, _oldest) = (ring, 0);
    }
}
