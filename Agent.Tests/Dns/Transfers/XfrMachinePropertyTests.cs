using Agent.Dns.Transfers;
using Agent.Dns.Wire;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Transfers.TransferStreams;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Dns.Transfers;

/// <summary>What must hold for any answer; each round is drawn from its number, which the failure names.</summary>
public sealed class XfrMachinePropertyTests
{
    [Fact]
    public void However_a_stream_is_cut_the_events_are_the_same()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            bool isIncremental = random.Next(2) == 0;
            List<PlainRecord> answer = isIncremental ? Differences(random) : Snapshot(random);
            RecordType type = isIncremental ? RecordType.IXFR : RecordType.AXFR;
            XfrRequest request = isIncremental ? Ixfr(1) : Axfr;
            var whole = Run(request, Split(new Random(0), answer, type, 1));
            Assert.Equal(XfrStatus.Complete, whole.Status);
            for (int round = 0; round < 5; round++)
            {
                var cut = Run(request, Split(random, answer, type, 1 + random.Next(20)));
                Assert.Equal(XfrStatus.Complete, cut.Status);
                Assert.Equal(whole.Events, cut.Events);
            }
        }
    }

    [Fact]
    public void The_machine_and_the_naive_reader_agree_also_on_broken_streams()
    {
        int complete = 0;
        for (int seed = 0; seed < 4000; seed++)
        {
            var random = new Random(seed);
            RecordType type = random.Next(2) == 0 ? RecordType.IXFR : RecordType.AXFR;
            List<PlainRecord> answer = type == RecordType.IXFR && random.Next(3) > 0 ? Differences(random) : Snapshot(random);
            for (int changes = random.Next(3); changes > 0 && answer.Count > 0; changes--)
                Change(random, answer);
            var expected = NaiveXfr.Read(answer, type, 1);
            var actual = Run(type == RecordType.IXFR ? Ixfr(1) : Axfr, Split(random, answer, type, 20));
            Assert.True(expected.IsComplete == (actual.Status == XfrStatus.Complete), $"seed {seed}: {actual.Status} {actual.Error}");
            if (!expected.IsComplete)
                continue;
            complete++;
            Assert.Equal(expected.Events, actual.Events);
        }
        Assert.InRange(complete, 1000, 3500);
    }

    [Fact]
    public void Damaged_messages_never_throw_and_nothing_completes_after_a_failure()
    {
        for (int seed = 0; seed < 3000; seed++)
        {
            var random = new Random(seed);
            bool isIncremental = random.Next(2) == 0;
            List<byte[]> messages = Split(
                random,
                isIncremental ? Differences(random) : Snapshot(random),
                isIncremental ? RecordType.IXFR : RecordType.AXFR,
                10);
            foreach (byte[] message in messages)
            {
                for (int damage = random.Next(3); damage > 0; damage--)
                    message[random.Next(message.Length)] = (byte)random.Next(256);
            }
            // Run asserts that nothing but a failure follows an end.
            var (status, error, _) = Run(isIncremental ? Ixfr(1) : Axfr, messages);
            Assert.True(status != XfrStatus.Failed || error != XfrError.None, $"seed {seed}");
        }
    }

    [Fact]
    public void Noise_never_throws()
    {
        var random = new Random(5);
        for (int round = 0; round < 20000; round++)
        {
            byte[] noise = Bytes(random, random.Next(80));
            if (noise.Length > 12 && random.Next(2) == 0)
                new byte[] { 0x12, 0x34, 0x84, 0, 0, 1 }.CopyTo(noise, 0);
            Assert.NotEqual(XfrStatus.Complete, Run(Axfr, noise).Status);
        }
    }

    private static List<PlainRecord> Snapshot(Random random)
    {
        List<PlainRecord> zone = Zone(random, 1 + random.Next(30), 3);
        zone.Add(zone[0]);
        return zone;
    }

    private static List<PlainRecord> Differences(Random random)
    {
        uint target = 2 + (uint)random.Next(4);
        var answer = new List<PlainRecord> { SoaRecord(target) };
        for (uint serial = 1; serial < target;)
        {
            uint next = Math.Min(target, serial + 1 + (uint)random.Next(2));
            answer.Add(SoaRecord(serial));
            answer.AddRange(Zone(random, 1 + random.Next(5), 0).Skip(1));
            answer.Add(SoaRecord(next));
            answer.AddRange(Zone(random, 1 + random.Next(5), 0).Skip(1));
            serial = next;
        }
        answer.Add(SoaRecord(target));
        return answer;
    }

    private static void Change(Random random, List<PlainRecord> answer)
    {
        int at = random.Next(answer.Count);
        switch (random.Next(6))
        {
            case 0:
                answer.RemoveAt(at);
                break;
            case 1:
                answer.Insert(at, SoaRecord((uint)random.Next(6)));
                break;
            case 2:
                answer.Insert(at, Data(random));
                break;
            case 3:
                answer[at] = answer[at] with { Owner = DomainName.Parse("elsewhere.example.net") };
                break;
            case 4:
                answer[at] = SoaRecord((uint)random.Next(6));
                break;
            default:
                int other = random.Next(answer.Count);
                (answer[at], answer[other]) = (answer[other], answer[at]);
                break;
        }
    }
}
