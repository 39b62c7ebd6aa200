using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Dns.Zones;

namespace Agent.Tests.Dns.Transfers;

/// <summary>
/// The second opinion: looks at all records of an answer at once, with lists and no states. It judges only what is complete.
/// </summary>
internal static class NaiveXfr
{
    public static (bool IsComplete, List<string> Events) Read(IReadOnlyList<PlainRecord> records, RecordType type, uint ourSerial)
    {
        var inZone = records.Where(record => record.Owner.IsSameOrBelow(RandomZones.Apex)).ToList();
        bool isBroken = records.Count == 0 || records[0].Type != RecordType.SOA || records[0].Owner != RandomZones.Apex
            || inZone.Any(record => record.Type == RecordType.SOA && record.Owner != RandomZones.Apex);
        if (isBroken)
            return (false, []);
        var soas = Enumerable.Range(0, inZone.Count).Where(i => inZone[i].Type == RecordType.SOA).ToList();
        bool isIncremental = type == RecordType.IXFR && soas.Count > 1 && soas[1] == 1 && !Same(inZone[0], inZone[1]);
        return isIncremental ? Deltas(records, inZone, soas, ourSerial) : Snapshot(records, inZone, soas);
    }

    private static (bool, List<string>) Snapshot(IReadOnlyList<PlainRecord> records, List<PlainRecord> inZone, List<int> soas)
    {
        bool isWhole = soas.Count == 2 && soas[1] == inZone.Count - 1 && Same(inZone[0], inZone[^1]) && records[^1] == inZone[^1];
        if (!isWhole)
            return (false, []);
        var events = new List<string> { EventSink.Line("snapshot", inZone[0]) };
        events.AddRange(inZone.Skip(1).SkipLast(1).Select(record => EventSink.Line("+", record)));
        return (true, events);
    }

    private static (bool, List<string>) Deltas(
        IReadOnlyList<PlainRecord> records, List<PlainRecord> inZone, List<int> soas, uint ourSerial)
    {
        uint target = Serial(inZone[0]);
        bool isClosed = soas.Count % 2 == 0 && soas[^1] == inZone.Count - 1 && Same(inZone[0], inZone[^1]) && records[^1] == inZone[^1];
        if (!isClosed)
            return (false, []);
        var events = new List<string>();
        uint reached = ourSerial;
        for (int i = 1; i + 1 < soas.Count; i += 2)
        {
            uint from = Serial(inZone[soas[i]]);
            uint to = Serial(inZone[soas[i + 1]]);
            bool isStep = from == reached && from != target && unchecked((int)(to - from)) > 0 && unchecked((int)(target - to)) >= 0;
            if (!isStep)
                return (false, []);
            reached = to;
            events.Add(EventSink.Line("from", inZone[soas[i]]));
            events.AddRange(inZone[(soas[i] + 1)..soas[i + 1]].Select(record => EventSink.Line("-", record)));
            events.Add(EventSink.Line("to", inZone[soas[i + 1]]));
            events.AddRange(inZone[(soas[i + 1] + 1)..soas[i + 2]].Select(record => EventSink.Line("+", record)));
            events.Add("end");
        }
        return (reached == target, events);
    }

    private static uint Serial(PlainRecord soa) => SoaNumbers.TryRead(soa.Rdata, out SoaNumbers numbers) ? numbers.Serial : 0;

    private static bool Same(PlainRecord left, PlainRecord right) => left.Rdata.AsSpan().SequenceEqual(right.Rdata);
}
