namespace Agent.Backends.Tinydns;

/// <summary>The hash of a key in a constant database.</summary>
internal static class CdbHash
{
    /// <summary>How many hash tables there are.</summary>
    public const int Tables = 256;

    /// <summary>Place and length of each hash table, at the beginning.</summary>
    public const int HeaderSize = Tables * PairSize;

    /// <summary>Two numbers of four octets: place and length of a table, hash and place of a record, lengths of key and data.</summary>
    public const int PairSize = 8;

    public static uint Of(ReadOnlySpan<byte> key)
    {
        uint hash = 5381;
        foreach (byte octet in key)
            hash = unchecked((hash << 5) + hash) ^ octet;
        return hash;
    }
}
