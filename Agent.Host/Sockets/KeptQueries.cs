using System.Buffers;

namespace Agent.Host.Sockets;

/// <summary>The octets of the queries under way on one connection, for asking once more when the server closes it.</summary>
/// <remarks>Slots are those of the <see cref="RelayTable"/>. All of them together are bounded. Not thread-safe.</remarks>
internal sealed class KeptQueries(int capacity, int octetsMax)
{
    private readonly Kept[] _kept = new Kept[capacity];
    private int _octets;

    /// <summary>Whether a query of this length may come; a single one always may.</summary>
    public bool HasRoom(int octets) => _octets == 0 || _octets + octets <= octetsMax;

    public void Keep(int slot, ReadOnlySpan<byte> query)
    {
        byte[] octets = ArrayPool<byte>.Shared.Rent(query.Length);
        query.CopyTo(octets);
        _kept[slot] = new Kept(octets, query.Length);
        _octets += query.Length;
    }

    public ReadOnlySpan<byte> Query(int slot) => _kept[slot].Octets.AsSpan(0, _kept[slot].Length);

    /// <summary>Whether a query may be asked once more, which it may once.</summary>
    public bool TryAskAgain(int slot)
    {
        bool isFirst = !_kept[slot].IsAskedAgain;
        _kept[slot].IsAskedAgain = true;
        return isFirst;
    }

    public void Forget(int slot)
    {
        _octets -= _kept[slot].Length;
        ArrayPool<byte>.Shared.Return(_kept[slot].Octets);
        _kept[slot] = default;
    }

    private record struct Kept(byte[] Octets, int Length, bool IsAskedAgain = false);
}
