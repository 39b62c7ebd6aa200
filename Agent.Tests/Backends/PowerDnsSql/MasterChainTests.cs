using Agent.Actors.Reasons;
using Agent.Backends.PowerDnsSql;
using Agent.Backends.Shared;
using Agent.Dns.Wire;
using Agent.Tests.Dns.Zones;
using static Agent.Tests.Dns.Zones.RandomZones;

namespace Agent.Tests.Backends.PowerDnsSql;

/// <summary>Chains that PowerDNS would make otherwise than they were signed.</summary>
public sealed class MasterChainTests
{
    private static readonly DomainName Zone = DomainName.Parse("chain.example.");

    private static readonly DenialOrder Nsec = new(IsSigned: true, Salt: null, 0, IsOptOut: false, IsNarrow: false);

    private static readonly DenialOrder Nsec3 = new(IsSigned: true, "ab", 1, IsOptOut: false, IsNarrow: false);

    private static readonly PlainRecord[] Plain =
    [
        new(Zone, RecordType.SOA, 60, Soa(1)),
        At("a", RecordType.A, 192, 0, 2, 1),
        At("b", RecordType.A, 192, 0, 2, 2),
        At("c.d", RecordType.A, 192, 0, 2, 3),
    ];

    [Fact]
    public void What_is_not_signed_has_none() => Assert.Null(MasterChain.Of(Content(Plain)));

    [Fact]
    public void One_that_goes_around_is_taken_with_its_parameters()
    {
        Assert.Null(MasterChain.Of(Content(FakeSigner.Sign(Plain, Nsec)))!.Order.Parameters);
        Assert.Equal("1 0 1 ab", MasterChain.Of(Content(FakeSigner.Sign(Plain, Nsec3)))!.Order.Parameters);
        Assert.Equal(
            "1 1 1 ab", MasterChain.Of(Content(FakeSigner.Sign(Plain, Nsec3 with { IsOptOut = true })))!.Order.Parameters);
        // The apex alone leads to itself.
        Assert.NotNull(MasterChain.Of(Content(FakeSigner.Sign(Plain[..1], Nsec3))));
    }

    [Fact]
    public void One_with_a_hole_or_two_at_once_are_refused()
    {
        List<PlainRecord> nsec = FakeSigner.Sign(Plain, Nsec);
        List<PlainRecord> nsec3 = FakeSigner.Sign(Plain, Nsec3);
        const string Around = "do not lead around the zone once";

        Refused(nsec.Where(record => record.Type != RecordType.NSEC || !record.Owner.Equals(Plain[1].Owner)), Around);
        PlainRecord hashed = nsec3.Last(record => record.Type == RecordType.NSEC3);
        Refused(nsec3.Where(record => record != hashed), Around);
        Refused(nsec3.Concat(nsec.Where(record => record.Type == RecordType.NSEC)), Around);
        // In the tables its escape sorts before the letters, in DNSSEC it does not.
        Refused(FakeSigner.Sign([.. Plain, At("\\255", RecordType.A, 192, 0, 2, 9)], Nsec), Around);
        Assert.NotNull(MasterChain.Of(Content(FakeSigner.Sign([.. Plain, At("\\255", RecordType.A, 192, 0, 2, 9)], Nsec3))));
    }

    [Fact]
    public void Capitals_in_the_next_name_are_refused() =>
        Refused(FakeSigner.Sign([.. Plain, At("BIG", RecordType.A, 192, 0, 2, 9)], Nsec), "capitals in the next name");

    [Fact]
    public void Parameters_that_PowerDNS_cannot_have_are_refused()
    {
        List<PlainRecord> nsec3 = FakeSigner.Sign(Plain, Nsec3);
        PlainRecord parameters = nsec3.Single(record => record.Type == RecordType.NSEC3PARAM);
        PlainRecord hashed = nsec3.First(record => record.Type == RecordType.NSEC3);

        Refused(nsec3.Where(record => record != parameters), "while NSEC3PARAM says nothing");
        Refused([.. nsec3, parameters with { Rdata = [1, 0, 0, 7, 0] }], "more than one NSEC3PARAM");
        Refused(nsec3.Select(r => r == hashed ? r with { Rdata = [1, 1, .. r.Rdata[2..]] } : r), "parameters that differ");
        Refused(nsec3.Select(r => r == parameters ? r with { Rdata = [1, 0, 0, 2, 1, 0xab] } : r), "while NSEC3PARAM says 1 0 2 ab");
        Refused(FakeSigner.Sign(Plain, Nsec3 with { Iterations = 101 }), "more than the 100 iterations");
    }

    [Fact]
    public void Signatures_or_keys_without_denials_are_refused()
    {
        Refused(FakeSigner.Sign(Plain, Nsec).Where(record => record.Type != RecordType.NSEC), "signatures, but no NSEC or NSEC3");
        Refused([.. Plain, new(Zone, RecordType.CDS, 60, [0, 1, 13, 2, .. new byte[32]])], "records of type CDS at chain.example: ");
    }

    private static PlainRecord At(string label, RecordType type, params byte[] rdata) =>
        new(DomainName.Parse($"{label}.{Zone}"), type, 60, rdata);

    private static void Refused(IEnumerable<PlainRecord> records, string words)
    {
        BackendException refusal = Assert.Throws<BackendException>(() => MasterChain.Of(Content(records)));
        Assert.Equal(ReasonCode.TargetCannotHold, refusal.Reason.Code);
        Assert.Contains(words, refusal.Reason.Text, StringComparison.Ordinal);
    }
}
