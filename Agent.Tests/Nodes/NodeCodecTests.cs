using System.Buffers;
using System.Buffers.Binary;
using System.Text.RegularExpressions;
using Agent.Actors.Backends;
using Agent.Actors.Cluster;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Host.Nodes;
using Agent.Tests.Architecture;
using Agent.Tests.Journal;

namespace Agent.Tests.Nodes;

/// <summary>What travels between nodes: written, read, and read out of anything.</summary>
public sealed class NodeCodecTests
{
    private const int Maximum = 1 << 20;

    /// <summary>Numbers are for ever. A line may be added here, never changed.</summary>
    private static readonly (int Number, string Name)[] Numbers =
    [
        (16, "RouteRequest"), (17, "RouteAccepted"), (18, "RouteAnswer"), (19, "RouteRefused"), (20, "AskShards"), (21, "ShardsAnswer"),
        (22, "ShardsAnswered"), (32, "WishForTarget"), (33, "WishTaken"), (34, "ReportOfTarget"), (35, "TargetHealthTold"),
        (48, "NodeQuestion"), (49, "NodeAnswer"),
        (64, "CreateZone"), (65, "DeleteZone"), (66, "NotifyZone"), (67, "RefreshZone"), (68, "GetZone"), (69, "GetZoneContent"),
        (70, "DecideCandidate"), (71, "ClaimZone"), (72, "ReleaseZone"), (73, "GetCatalog"), (74, "ApproveCatalog"), (75, "LookAtTarget"),
        (76, "RemoveOrphan"), (77, "UndeleteZone"), (80, "ListZones"),
        (81, "CountZones"), (82, "CountProven"), (96, "ZoneReply"), (97, "ZoneStatus"), (98, "ZoneContentReply"), (99, "ZoneList"),
        (100, "ZoneCounts"), (101, "ProvenZones"), (102, "CatalogStatus"),
    ];

    [Fact]
    public void Every_number_stays_what_it_is_and_is_written_down()
    {
        Assert.Equal(Numbers, MessageKinds.All.Select(kind => (kind.Number, kind.Type.Name)));
        string page = SourceTree.TextFiles.Single(file => file.Path == "docs/node-link.md").Text;
        Assert.All(Numbers, entry => Assert.Contains($"| {entry.Number} | `{entry.Name}` |", page, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_message_of_the_link_has_an_entry()
    {
        string[] files = ["Agent.Actors/Cluster/RouteMessages.cs", "Agent.Actors/Backends/TargetLinkMessages.cs"];
        IEnumerable<string> declared = SourceTree.CSharpFiles
            .Where(file => files.Contains(file.Path))
            .SelectMany(file => Regex.Matches(file.Code, @"\brecord\s+(?<name>\w+)", RegexOptions.ExplicitCapture))
            .Select(match => match.Groups["name"].Value);
        IEnumerable<string> requests = typeof(ZoneMessage).Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(ZoneMessage)) && !type.IsAbstract)
            .Select(type => type.Name);
        string[] missing = [.. declared.Concat(requests).Except(MessageKinds.All.Select(kind => kind.Type.Name))];
        Assert.Equal([], missing);
        Assert.True(declared.Count() >= 11);
    }

    [Fact]
    public void Messages_come_back_as_they_were()
    {
        HashSet<Type> seen = [];
        foreach (object message in Samples(seeds: 200))
        {
            byte[] frame = Encode(message);
            object back = Decode(frame);
            Assert.Equal(message.GetType(), back.GetType());
            Assert.Equal(Convert.ToHexString(frame), Convert.ToHexString(Encode(back)));
            seen.Add(message.GetType());
        }
        Assert.Equal(MessageKinds.All.Where(kind => kind.Place == MessagePlace.Frame).Select(kind => kind.Type).ToHashSet(), seen);
    }

    [Fact]
    public void Fields_come_back_one_by_one()
    {
        DomainName zone = DomainName.Parse("Zone.Example.");
        var request = new RouteRequest(7, 3, 1L << 52, new NotifyZone(
            zone, new RequestOrigin("192.0.2.1", "key.", "trace"), System.Net.IPAddress.Parse("2001:db8::1"), 42));
        Assert.Equal(request, Decode(Encode(request)));
        Assert.Equal("Zone.Example.", ((ZoneMessage)((RouteRequest)Decode(Encode(request))).Message).Zone.ToString());
        var health = new TargetHealthTold("ns1", false, new Reason(ReasonCode.TargetAway, "no route"), 9);
        Assert.Equal(health, Decode(Encode(health)));
        MemoryZoneContent content = TestZones.Small("zone.example.", 5);
        var wish = (WishForTarget)Decode(Encode(new WishForTarget(1, "ns1", 2, 3, new WantZone(zone, 4, content, true))));
        Assert.Equal(content.Facts, wish.Wish.Content!.Facts);
        Assert.Equal(TestZones.ReadAll(content), TestZones.ReadAll(wish.Wish.Content));
    }

    /// <summary>Octets that were agreed on once: a change here is a change of the protocol.</summary>
    [Fact]
    public void The_octets_are_as_agreed()
    {
        Assert.Equal("00000004" + "0011" + "080E", Convert.ToHexString(Encode(new RouteAccepted(7))));
        Assert.Equal(
            "0000001C" + "0010" + "0802" + "1004" + "1806" + "228F808000" + "0844" + "1288808000" + "0A06" + "047A6F6E6500",
            Convert.ToHexString(Encode(new RouteRequest(1, 2, 3, new GetZone(DomainName.Parse("zone."))))));
    }

    [Fact]
    public void A_cut_message_is_refused_or_whole()
    {
        foreach (object message in Samples(seeds: 20))
        {
            byte[] frame = Encode(message);
            for (int length = NodeCodec.HeadSize; length < frame.Length; length++) ReadAnything(frame.AsSpan(0, length));
        }
    }

    [Fact]
    public void A_changed_message_is_refused_or_whole()
    {
        var random = new Random(7);
        int read = 0;
        foreach (object message in Samples(seeds: 40))
        {
            byte[] frame = Encode(message);
            for (int round = 0; round < 60; round++)
            {
                byte[] changed = [.. frame];
                for (int change = random.Next(1, 4); change > 0; change--)
                    changed[random.Next(NodeCodec.HeadSize, frame.Length)] = (byte)random.Next(256);
                if (ReadAnything(changed) == DecodeOutcome.Read) read++;
            }
        }
        Assert.True(read > 100);
    }

    [Fact]
    public void Noise_is_refused()
    {
        var random = new Random(8);
        foreach (MessageKind kind in MessageKinds.All)
        {
            for (int round = 0; round < 500; round++)
            {
                var noise = new byte[random.Next(200)];
                random.NextBytes(noise);
                NodeCodec.TryDecode(kind.Number, noise, null, out _, out _);
            }
        }
    }

    [Fact]
    public void Fields_and_kinds_of_a_later_version_are_passed_over()
    {
        foreach (object message in Samples(seeds: 5))
        {
            byte[] frame = Encode(message);
            byte[] fields = [.. frame[NodeCodec.HeadSize..], .. Convert.FromHexString("F80107" + "FA3E03414243")];
            int kind = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(4));
            Assert.Equal(DecodeOutcome.Read, NodeCodec.TryDecode(kind, fields, null, out object? read, out _));
            Assert.Equal(Convert.ToHexString(frame), Convert.ToHexString(Encode(read!)));
        }
        Assert.Equal(DecodeOutcome.Unknown, NodeCodec.TryDecode(4000, [], null, out _, out _));

        // A request of an unknown kind within a route that is known.
        byte[] inside = Convert.FromHexString("0802" + "1004" + "1806" + "2206" + "08A01F" + "120100");
        Assert.Equal(DecodeOutcome.Unknown, NodeCodec.TryDecode(16, inside, null, out _, out _));
    }

    [Fact]
    public void A_message_may_stand_only_where_it_belongs()
    {
        byte[] statusAsRequest = Convert.FromHexString("0802" + "1004" + "1806" + "2204" + "0861" + "1200");
        Assert.Equal(DecodeOutcome.Broken, NodeCodec.TryDecode(16, statusAsRequest, null, out _, out _));
        Assert.Equal(DecodeOutcome.Unknown, NodeCodec.TryDecode(64, [], null, out _, out _));
        Assert.Equal(EncodeOutcome.Unsupported, NodeCodec.TryEncode(new GetZone(DomainName.Root), 1, Maximum, null, out _));
        Assert.Equal(EncodeOutcome.Unsupported, NodeCodec.TryEncode("text", 1, Maximum, null, out _));
        Assert.Equal(EncodeOutcome.Unsupported, NodeCodec.TryEncode(new RouteAnswer(1, "text"), 1, Maximum, null, out _));
    }

    [Fact]
    public void What_does_not_fit_is_not_written()
    {
        var zone = new ZoneReply(DomainName.Root, ZoneOutcome.Failed, new Reason("code", new string('x', 70000)));
        Assert.Equal(EncodeOutcome.TooLarge, NodeCodec.TryEncode(new RouteAnswer(1, zone), 1, 65536, null, out _));
        Assert.Equal(EncodeOutcome.Written, NodeCodec.TryEncode(new RouteAnswer(1, zone), 1, Maximum, null, out _));
    }

    [Fact]
    public void A_hostile_message_takes_little_memory()
    {
        // The smallest zones that can be: as many objects as possible out of a frame.
        byte[] zone = [0x12, 0x05, 0x0A, 0x01, 0x00, 0x12, 0x00];
        byte[] list = [0x08, 0x00, .. Enumerable.Repeat(zone, 30000).SelectMany(octets => octets)];
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, list.Length);
        byte[] fields = [0x08, 0x02, 0x12, .. Varint(list.Length + 6), 0x08, 0x63, 0x12, .. Varint(list.Length), .. list];
        NodeCodec.TryDecode(21, fields, null, out _, out _);
        long before = GC.GetAllocatedBytesForCurrentThread();
        NodeCodec.TryDecode(21, fields, null, out object? message, out _);
        long used = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(30000, ((ZoneList)((ShardsAnswer)message!).Answer).Zones.Length);
        Assert.True(used < 64L * fields.Length, $"{used} octets for a frame of {fields.Length}");
    }

    [Fact]
    public void A_content_that_lies_is_refused()
    {
        MemoryZoneContent content = TestZones.Small("zone.example.", 5);
        byte[] frame = Encode(new RouteAnswer(1, new ZoneContentReply(content.Apex, content)));
        int at = frame.AsSpan().IndexOf(content.Bytes.Span);
        frame[at + content.Bytes.Length - 1] ^= 1;
        Assert.Equal(DecodeOutcome.Broken, ReadAnything(frame));
    }

    [Fact]
    public void Frames_are_cut_wherever_the_octets_are_torn()
    {
        byte[][] frames = [.. Samples(seeds: 3).Select(Encode)];
        byte[] stream = [.. frames.SelectMany(frame => frame)];
        foreach (int step in new[] { 1, 2, 5, 7, 64, 1000, stream.Length })
        {
            var got = new List<byte[]>();
            var left = new List<byte>();
            foreach (byte[] part in stream.Chunk(step))
            {
                left.AddRange(part);
                var buffer = new ReadOnlySequence<byte>(left.ToArray());
                while (LinkFrames.TryCut(ref buffer, Maximum, out _, out ReadOnlySequence<byte> fields, out _)) got.Add(fields.ToArray());
                left = [.. buffer.ToArray()];
            }
            Assert.Equal(frames.Select(frame => frame[NodeCodec.HeadSize..]), got);
        }
        var huge = new ReadOnlySequence<byte>([0x7F, 0xFF, 0xFF, 0xFF, 0, 16]);
        Assert.False(LinkFrames.TryCut(ref huge, Maximum, out _, out _, out bool isRefused));
        Assert.True(isRefused);
    }

    private static IEnumerable<object> Samples(int seeds) =>
        Enumerable.Range(1, seeds).SelectMany(seed => new SampleMessages(seed).Every());

    private static byte[] Encode(object message)
    {
        Assert.Equal(EncodeOutcome.Written, NodeCodec.TryEncode(message, 1, Maximum, null, out byte[] frame));
        Assert.Equal(frame.Length - 4, BinaryPrimitives.ReadInt32BigEndian(frame));
        return frame;
    }

    private static object Decode(byte[] frame)
    {
        int kind = BinaryPrimitives.ReadUInt16BigEndian(frame.AsSpan(4));
        Assert.Equal(DecodeOutcome.Read, NodeCodec.TryDecode(kind, frame.AsSpan(NodeCodec.HeadSize), null, out object? message, out _));
        return message!;
    }

    /// <summary>Reads octets that may be anything; what comes out as a message can be sent on.</summary>
    private static DecodeOutcome ReadAnything(ReadOnlySpan<byte> frame)
    {
        int kind = BinaryPrimitives.ReadUInt16BigEndian(frame[4..]);
        DecodeOutcome outcome = NodeCodec.TryDecode(kind, frame[NodeCodec.HeadSize..], null, out object? message, out _);
        if (outcome == DecodeOutcome.Read) Decode(Encode(message!));
        return outcome;
    }

    private static byte[] Varint(int value)
    {
        List<byte> octets = [];
        for (; value >= 0x80; value >>= 7) octets.Add((byte)(value | 0x80));
        return [.. octets, (byte)value];
    }
}
