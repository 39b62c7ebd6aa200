using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Dns.Transfers;

/// <summary>Notes what the machine gives to its sink.</summary>
internal readonly struct EventSink(List<string> events) : IXfrSink
{
    public List<string> Events => events;

    public bool BeginSnapshot(in StoredRecord soa) => Note("snapshot", soa);

    public bool BeginDelta(in StoredRecord oldSoa) => Note("from", oldSoa);

    public bool Delete(in StoredRecord record) => Note("-", record);

    public bool BeginAdditions(in StoredRecord newSoa) => Note("to", newSoa);

    public bool Add(in StoredRecord record) => Note("+", record);

    public bool EndDelta()
    {
        events.Add("end");
        return true;
    }

    public static string Line(string word, PlainRecord record) => $"{word} {record}";

    private bool Note(string word, in StoredRecord record)
    {
        Assert.True(DomainName.TryFromWire(record.Owner, out DomainName? owner));
        events.Add(Line(word, new PlainRecord(owner, record.Type, record.Ttl, record.Rdata.ToArray())));
        return true;
    }
}

/// <summary>Packs records into answer messages.</summary>
internal static class TransferStreams
{
    public const ushort Id = 0x1234;

    public static readonly XfrRequest Axfr = new() { Apex = RandomZones.Apex, Id = Id };

    public static XfrRequest Ixfr(uint ourSerial) => Axfr with { Type = RecordType.IXFR, OurSerial = ourSerial };

    public static byte[] Message(
        IEnumerable<PlainRecord> records, RecordType? question = RecordType.AXFR, ushort flags = 0x8400, ushort id = Id)
    {
        var writer = new MessageWriter(new byte[65535], id, flags);
        if (question is { } type)
            Assert.True(writer.TryWriteQuestion(RandomZones.Apex, type));
        foreach (PlainRecord record in records)
        {
            Assert.True(writer.TryWriteRecord(
                MessageSection.Answer, record.Owner.Wire, record.Type, RecordClass.IN, record.Ttl, record.Rdata));
        }
        return writer.Written.ToArray();
    }

    /// <summary>Cuts the records into messages at random places; later messages repeat the question or not.</summary>
    public static List<byte[]> Split(Random random, IReadOnlyList<PlainRecord> records, RecordType question, int longest)
    {
        var messages = new List<byte[]>();
        for (int at = 0; at < records.Count;)
        {
            int count = Math.Min(1 + random.Next(longest), records.Count - at);
            bool asks = at == 0 || random.Next(2) == 0;
            messages.Add(Message(records.Skip(at).Take(count), asks ? question : null));
            at += count;
        }
        return messages;
    }

    public static (XfrStatus Status, XfrError Error, List<string> Events) Run(XfrRequest request, params IEnumerable<byte[]> messages)
    {
        using var machine = new XfrMachine<EventSink>(request, new EventSink([]));
        XfrStatus status = XfrStatus.NeedMore;
        foreach (byte[] message in messages)
        {
            XfrStatus next = machine.Step(message);
            if (status != XfrStatus.NeedMore)
                Assert.Equal(XfrStatus.Failed, next);
            status = next;
        }
        return (status, machine.Error, machine.Sink.Events);
    }
}
