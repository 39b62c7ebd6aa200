using System.Buffers;

namespace Agent.Host.Sockets;

/// <summary>The octets of the queries under way on one connection, for asking once more when the server closes it.</summary>
/// <remarks>
/// Slots are those of the <see cref="RelayTable"/>. All of them together are bounded. Nearly all queries are small and have a place of
/// their own, so that keeping one allocates nothing. Not thread-safe.
/// </remarks>
internal sealed class KeptQueries(int capacity, int octetsMax)
{
    private const int SmallOctetsMax = 128;

    private readonly Kept[] _kept = new Kept[capacity];
    private byte[] _small = [];
    private int _octets;

    /// <summary>Whether a query of this length may come; a single one always may.</summary>
    public bool HasRoom(int octets) => _octets == 0 || _octets + octets <= octetsMax;

    public void Keep(int slot, ReadOnlySpan<byte> query)
    {
        if (_small.Length == 0)
        {
            _small = new byte[capacity * SmallOctetsMax];
        }
        byte[]? large = query.Length > SmallOctetsMax ? ArrayPool<byte>.Shared.Rent(query.Length) : null;
        _kept[slot] = new Kept(large, query.Length);
        query.CopyTo(PlaceOf(slot));
        _octets += query.Length;
    }

    public ReadOnlySpan<byte> Query(int slot) => PlaceOf(slot);

    /// <summary>Whether a query may be asked once more without an answer to any before it, which it may once.</summary>
    public bool TryAskAgain(int slot)
    {
        bool isFirst = !_kept[slot].IsAskedAgain;
        _kept[slot].IsAskedAgain = true;
        return isFirst;
    }

    public void Forget(int slot)
    {
        _octets -= _kept[slot].Length;
        if (_kept[slot].Large is { } large)
        {
            ArrayPool<byte>.Shared.Return(large);
        }
        _kept[slot] = default;
    }

    private Span<byte> PlaceOf(int slot)
    {
        Kept kept = _kept[slot];
        Span<byte> place = kept.Large is { } large ? large : _small.AsSpan(slot * SmallOctetsMax);
        return place[..kept.Length];
    }

    private record struct Kept(byte[]? Large, int Length, bool IsAskedAgain = false);
}
