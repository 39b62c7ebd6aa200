using System.Buffers.Binary;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Zones;
using Agent.Dns.Zones;
using Agent.Host.Releases;

namespace Agent.Host.Nodes;

/// <summary>What became of octets that were read.</summary>
public enum DecodeOutcome
{
    /// <summary>A message.</summary>
    Read,

    /// <summary>Not a message.</summary>
    Broken,

    /// <summary>A message of a kind that this program does not know, or with one inside.</summary>
    Unknown,

    /// <summary>A message whose content is on the sender's node; to be read again when it is here.</summary>
    NeedsContent,
}

/// <summary>What became of a message that was to be written.</summary>
public enum EncodeOutcome
{
    /// <summary>A frame.</summary>
    Written,

    /// <summary>It does not travel between nodes, or the peer's version does not know it.</summary>
    Unsupported,

    /// <summary>It does not fit into a frame.</summary>
    TooLarge,
}

/// <summary>
/// Messages as frames: four octets with the length of what follows, two with the kind, then numbered fields. A frame that is hostile gives
/// an outcome and nothing else: no exception, no memory beyond a small multiple of its size.
/// </summary>
public static class NodeCodec
{
    /// <summary>The octets before the fields.</summary>
    public const int HeadSize = sizeof(int) + sizeof(ushort);

    [ThreadStatic]
    private static FieldWriter? _writer;

    /// <summary>Writes a message.</summary>
    /// <param name="version">Version of the protocol that the peer speaks.</param>
    /// <param name="referred">Told of a content that the frame refers to and does not carry.</param>
    public static EncodeOutcome TryEncode(object message, int version, int maximum, Action<ZoneContent>? referred, out byte[] frame)
    {
        ArgumentNullException.ThrowIfNull(message);
        frame = [];
        if (MessageKinds.Of(message) is not { Place: MessagePlace.Frame } kind || kind.Since > version) return EncodeOutcome.Unsupported;
        FieldWriter writer = _writer is { } kept && kept.Maximum == maximum ? kept : _writer = new FieldWriter(maximum);
        writer.Reset();
        writer.Referred = referred;
        try
        {
            Write(writer, kind.Number, message, kind.Write);
        }
        catch (NotSupportedException)
        {
            return EncodeOutcome.Unsupported;
        }
        if (writer.IsTooLarge) return EncodeOutcome.TooLarge;
        frame = writer.Written.ToArray();
        return EncodeOutcome.Written;
    }

    /// <summary>Reads what follows the head of a frame. A message that needs its content has one that cannot be opened.</summary>
    /// <param name="findContent">Gives contents that are at hand already.</param>
    public static DecodeOutcome TryDecode(
        int kind, ReadOnlySpan<byte> fields, Func<ZoneFacts, ZoneContent?>? findContent, out object? message, out ZoneFacts? missing)
    {
        message = null;
        missing = null;
        if (MessageKinds.Of(kind) is not { Place: MessagePlace.Frame } known) return DecodeOutcome.Unknown;
        var context = new ReadContext { FindContent = findContent };
        var reader = new FieldReader(fields, context);
        object? read = known.Read(ref reader);
        if (context.HasUnknownKind) return DecodeOutcome.Unknown;
        if (reader.IsBroken || read is null) return DecodeOutcome.Broken;
        missing = context.Missing;
        message = read;
        return missing is null ? DecodeOutcome.Read : DecodeOutcome.NeedsContent;
    }

    /// <summary>
    /// What two messages have in common that may not overtake each other even when one of them waits for its content; null when the message
    /// waits for nothing.
    /// </summary>
    internal static object? OrderOf(object message) => message switch
    {
        WishForTarget wish => (wish.Target, wish.Wish.Zone),
        RouteAnswer { Answer: ZoneContentReply reply } => reply.Zone,
        _ => null,
    };

    /// <summary>The name of a message in metrics.</summary>
    internal static string LabelOf(object message) => MessageKinds.Of(message)?.Label ?? "other";

    internal static void Write<T>(FieldWriter writer, int kind, T message, Action<FieldWriter, T> write)
    {
        Span<byte> head = stackalloc byte[HeadSize];
        head.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(head[sizeof(int)..], (ushort)kind);
        writer.Raw(head);
        write(writer, message);
        AgentRelease.Current.MoreFields?.Invoke(writer);
        if (!writer.IsTooLarge) writer.CloseFrame();
    }
}
