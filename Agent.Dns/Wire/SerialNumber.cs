namespace Agent.Dns.Wire;

/// <summary>How one serial stands to another (RFC 1982 3.2).</summary>
public enum SerialOrder : byte
{
    /// <summary>The same serial.</summary>
    Equal,

    /// <summary>The first is before the second.</summary>
    Older,

    /// <summary>The first is after the second.</summary>
    Newer,

    /// <summary>Exactly 2^31 apart: the standard gives no order, and nobody may guess one.</summary>
    Undefined,
}

/// <summary>Arithmetic of SOA serials, which wrap around (RFC 1982).</summary>
public static class SerialNumber
{
    /// <summary>The largest step that still counts as an increase.</summary>
    public const uint MaximumIncrement = int.MaxValue;

    private const uint Opposite = 0x8000_0000;

    /// <summary>Says how <paramref name="serial"/> stands to <paramref name="other"/>.</summary>
    public static SerialOrder Compare(uint serial, uint other) => unchecked(serial - other) switch
    {
        0 => SerialOrder.Equal,
        < Opposite => SerialOrder.Newer,
        Opposite => SerialOrder.Undefined,
        _ => SerialOrder.Older,
    };

    /// <summary>True if <paramref name="candidate"/> is after <paramref name="current"/>; false where the order is undefined.</summary>
    public static bool IsNewer(uint candidate, uint current) => Compare(candidate, current) == SerialOrder.Newer;

    /// <summary>True if <paramref name="candidate"/> is the current serial or after it.</summary>
    public static bool IsSameOrNewer(uint candidate, uint current) =>
        Compare(candidate, current) is SerialOrder.Equal or SerialOrder.Newer;

    /// <summary>The serial <paramref name="increment"/> steps on, at most <see cref="MaximumIncrement"/>.</summary>
    public static uint Add(uint serial, uint increment)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(increment, MaximumIncrement);
        return unchecked(serial + increment);
    }
}
