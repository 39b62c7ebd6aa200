using System.Buffers;
using System.Buffers.Binary;

namespace Agent.Host.Nodes;

/// <summary>The first frame of a stream: who sends, and whom he believes to have reached.</summary>
internal sealed record LinkHello(ProtocolRange Versions, string Cluster, string Node, Guid Instance, Guid PeerInstance);

/// <summary>The answer to a hello: the stream may be used.</summary>
internal sealed record LinkWelcome(int Version, string Node, Guid Instance, int WindowFrames, int MaxFrameOctets);

/// <summary>The other answer to a hello.</summary>
internal sealed record LinkRefused(string Word, string Text);

/// <summary>How many messages of this stream the receiver has taken.</summary>
internal sealed record LinkTaken(long Count);

/// <summary>The frames of the link itself, and how frames are cut from a stream.</summary>
internal static class LinkFrames
{
    public const int Hello = 1;
    public const int Welcome = 2;
    public const int Refused = 3;
    public const int Heartbeat = 4;
    public const int Taken = 5;

    /// <summary>The largest frame that is read before the peer is known.</summary>
    public const int GreetingMaximum = 4096;

    private const int Maximum = 4096;

    public static readonly byte[] HeartbeatFrame = Write(Heartbeat, "", static (_, _) => { });

    /// <summary>
    /// Takes the next frame off the front of a buffer. False when it is not whole yet, or can never be one (<paramref name="isBroken"/>).
    /// </summary>
    public static bool TryCut(
        ref ReadOnlySequence<byte> buffer, int maximum, out int kind, out ReadOnlySequence<byte> fields, out bool isBroken)
    {
        kind = 0;
        fields = default;
        isBroken = false;
        Span<byte> head = stackalloc byte[NodeCodec.HeadSize];
        if (buffer.Length < head.Length) return false;
        buffer.Slice(0, head.Length).CopyTo(head);
        uint length = BinaryPrimitives.ReadUInt32BigEndian(head);
        isBroken = length < sizeof(ushort) || length > maximum - sizeof(int);
        if (isBroken || buffer.Length < sizeof(int) + length) return false;
        kind = BinaryPrimitives.ReadUInt16BigEndian(head[sizeof(int)..]);
        fields = buffer.Slice(head.Length, length - sizeof(ushort));
        buffer = buffer.Slice(sizeof(int) + length);
        return true;
    }

    public static byte[] Write(LinkHello hello) => Write(Hello, hello, static (writer, message) =>
    {
        writer.Unsigned(1, (ulong)message.Versions.Lowest);
        writer.Unsigned(2, (ulong)message.Versions.Highest);
        writer.Text(3, message.Cluster);
        writer.Text(4, message.Node);
        writer.Id(5, message.Instance);
        writer.Id(6, message.PeerInstance);
    });

    public static byte[] Write(LinkWelcome welcome) => Write(Welcome, welcome, static (writer, message) =>
    {
        writer.Unsigned(1, (ulong)message.Version);
        writer.Text(2, message.Node);
        writer.Id(3, message.Instance);
        writer.Unsigned(4, (ulong)message.WindowFrames);
        writer.Unsigned(5, (ulong)message.MaxFrameOctets);
    });

    public static byte[] Write(LinkRefused refused) => Write(Refused, refused, static (writer, message) =>
    {
        writer.Text(1, message.Word);
        writer.Text(2, message.Text);
    });

    public static byte[] Write(LinkTaken taken) =>
        Write(Taken, taken, static (writer, message) => writer.Unsigned(1, (ulong)message.Count));

    public static LinkHello? ReadHello(ref FieldReader reader)
    {
        int? lowest = null;
        int? highest = null;
        string? cluster = null;
        string? node = null;
        Guid? instance = null;
        Guid? peerInstance = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: lowest = reader.Choice(int.MaxValue); break;
                case 2: highest = reader.Choice(int.MaxValue); break;
                case 3: cluster = reader.Text(); break;
                case 4: node = reader.Text(); break;
                case 5: instance = reader.Id(); break;
                case 6: peerInstance = reader.Id(); break;
            }
        }
        return lowest is null || highest is null || cluster is null || node is null || instance is null || peerInstance is null
            ? null
            : new LinkHello(new ProtocolRange(lowest.Value, highest.Value), cluster, node, instance.Value, peerInstance.Value);
    }

    public static LinkWelcome? ReadWelcome(ref FieldReader reader)
    {
        int? version = null;
        string? node = null;
        Guid? instance = null;
        int? window = null;
        int? maximum = null;
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: version = reader.Choice(int.MaxValue); break;
                case 2: node = reader.Text(); break;
                case 3: instance = reader.Id(); break;
                case 4: window = reader.Choice(int.MaxValue); break;
                case 5: maximum = reader.Choice(int.MaxValue); break;
            }
        }
        return version is null || node is null || instance is null || window is null or < 1 || maximum is null
            ? null
            : new LinkWelcome(version.Value, node, instance.Value, window.Value, maximum.Value);
    }

    public static LinkRefused? ReadRefused(ref FieldReader reader)
    {
        string? word = null;
        string? text = null;
        while (reader.Next())
        {
            if (reader.Field == 1) word = reader.Text();
            else if (reader.Field == 2) text = reader.Text();
        }
        return word is null || text is null ? null : new LinkRefused(word, text);
    }

    public static LinkTaken? ReadTaken(ref FieldReader reader)
    {
        long? count = null;
        while (reader.Next())
        {
            if (reader.Field == 1 && reader.Unsigned() is <= long.MaxValue and var number) count = (long)number;
        }
        return count is null ? null : new LinkTaken(count.Value);
    }

    /// <summary>What a peer says, fit for a log.</summary>
    public static string Printable(string text) =>
        string.Concat(text.Take(300).Select(character => char.IsControl(character) ? '?' : character));

    /// <summary>Reads the fields of a frame; null when they are not what they should be.</summary>
    public static T? Read<T>(in ReadOnlySequence<byte> fields, FieldFunction<T> read)
        where T : class
    {
        ReadOnlySpan<byte> octets = fields.IsSingleSegment ? fields.FirstSpan : fields.ToArray();
        var reader = new FieldReader(octets, new ReadContext());
        T? value = read(ref reader);
        return reader.IsBroken ? null : value;
    }

    private static byte[] Write<T>(int kind, T message, Action<FieldWriter, T> write)
    {
        var writer = new FieldWriter(Maximum);
        NodeCodec.Write(writer, kind, message, write);
        return writer.Written.ToArray();
    }
}
