using System.Buffers.Binary;
using System.Globalization;

namespace Agent.Backends.Gdnsd;

/// <summary>An answer of gdnsd: eight octets, of which the first says what became of the request.</summary>
/// <param name="Key">The first octet.</param>
/// <param name="Version">Three numbers, of an answer to <see cref="GdnsdRequest.Info"/> gdnsd's own version.</param>
/// <param name="Number">Of an answer to <see cref="GdnsdRequest.Info"/> the id of gdnsd's process.</param>
internal readonly record struct GdnsdReply(char Key, Version Version, uint Number)
{
    /// <summary>The length of every request and answer that we use.</summary>
    public const int Size = 8;

    /// <summary>It is done.</summary>
    public bool IsDone => Key == 'A';

    /// <summary>It failed.</summary>
    public bool IsFailed => Key == 'F';

    /// <summary>A new gdnsd is just taking over from this one: to be asked again, over a new connection.</summary>
    public bool IsLater => Key == 'L';

    /// <summary>Reads an answer. Numbers are in the byte order of the machine, which is also gdnsd's.</summary>
    public static GdnsdReply Read(ReadOnlySpan<byte> octets) => new(
        (char)octets[0],
        new Version(octets[1], octets[2], octets[3]),
        BitConverter.IsLittleEndian
            ? BinaryPrimitives.ReadUInt32LittleEndian(octets[4..])
            : BinaryPrimitives.ReadUInt32BigEndian(octets[4..]));

    /// <summary>What gdnsd said, for an operator.</summary>
    public string Text => Key switch
    {
        'A' => "done",
        'F' => "failed",
        'L' => "try again later: another gdnsd is taking over",
        'D' => "denied",
        'U' => "unknown request",
        _ => string.Create(CultureInfo.InvariantCulture, $"an answer of the kind {(int)Key}, which no gdnsd gives"),
    };
}

/// <summary>What is asked of gdnsd.</summary>
internal static class GdnsdRequest
{
    /// <summary>Its version and process id.</summary>
    public const char Info = 'I';

    /// <summary>To read all zone files; answered when they are served, or when none of them is because one is bad.</summary>
    public const char ReloadZones = 'Z';
}
