using Agent.Backends.DynamicUpdate;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Tests.Backends.DynamicUpdate;

public sealed class UpdatePlanTests
{
    private const int MessageOctets = 60_000;
    private const int SignatureOctets = 100;

    private static readonly DomainName Apex = DomainName.Parse("example.org.");
    private static readonly UpdateSoa Wanted = new(Apex, 3600, [0, 0, .. new byte[20]]);

    /// <summary>Each update holds its message while the server works on it, so a small one must be small.</summary>
    [Fact]
    public void A_change_of_one_address_takes_a_small_buffer()
    {
        UpdatePlan plan = Plan([RecordOf("www", 4)], [RecordOf("www", 4)]);

        byte[] message = plan.Write(0, 1, Wanted, 2, out int length);

        Assert.Equal(1, plan.MessageCount);
        Assert.InRange(message.Length, length + SignatureOctets, 4096);
    }

    /// <summary>However well or badly names compress: the buffer that is cut to the change never makes a further message of it, and each
    /// message keeps the room of its signature.</summary>
    [Fact]
    public void Every_change_fits_the_messages_that_it_is_cut_into()
    {
        Random random = new(3);
        for (int round = 0; round < 200; round++)
        {
            byte[][] deleted = Records(random);
            byte[][] added = Records(random);
            int all = deleted.Concat(added).Sum(record => record.Length);
            UpdatePlan plan = Plan(deleted, added);
            Assert.Null(plan.TooLarge);
            if (all < MessageOctets / 2) Assert.Equal(1, plan.MessageCount);
            for (int part = 0; part < plan.MessageCount; part++)
            {
                byte[] message = plan.Write(part, 1, Wanted, 2, out int length);
                Assert.InRange(message.Length, length + SignatureOctets, MessageOctets);
            }
        }
    }

    private static UpdatePlan Plan(byte[][] deleted, byte[][] added) => UpdatePlan.Make(
        new ContentChange(deleted.SelectMany(octets => octets).ToArray(), added.SelectMany(octets => octets).ToArray()),
        Wanted,
        SignatureOctets,
        MessageOctets);

    private static byte[][] Records(Random random) =>
    [
        .. Enumerable.Range(0, random.Next(200)).Select(at => RecordOf(
            new string((char)('a' + random.Next(26)), random.Next(1, 63)), random.Next(1, random.Next(10) == 0 ? 20_000 : 300))),
    ];

    private static byte[] RecordOf(string label, int dataOctets)
    {
        byte[] octets = new byte[StoredRecord.MaximumSize];
        int length = StoredRecord.Write(
            octets, DomainName.Parse($"{label}.example.org.").Wire, (RecordType)65400, RecordClass.IN, 300, new byte[dataOctets]);
        return octets[..length];
    }
}
