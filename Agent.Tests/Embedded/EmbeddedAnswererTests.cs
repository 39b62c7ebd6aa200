using System.Text;
using Agent.Actors.Listeners;
using Agent.Backends.Embedded;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using static Agent.Tests.Embedded.EmbeddedSample;

namespace Agent.Tests.Embedded;

public sealed class EmbeddedAnswererTests
{
    private const string NegativeSoa = "example.org. 300 IN SOA ns1.example.org. hostmaster.example.org. 7 3600 600 86400 300";
    private static readonly EmbeddedAnswerer Answerer = EmbeddedSample.Answerer(Zone);

    /// <summary>Who asks without EDNS has 512 octets for all, and is not sent to TCP for a SOA.</summary>
    [Fact]
    public void A_name_of_255_octets_is_answered_in_a_plain_datagram()
    {
        string name = string.Concat(Enumerable.Repeat(new string('n', 62) + ".", 4)) + "n.";
        string zone = $"{name} 60 IN SOA ns.example. host.example. 5 1 1 1 1\n{name} 60 IN NS ns.example.\n";
        Assert.Equal(255, DomainName.Parse(name).Wire.Length);
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        using MemoryStream file = new(Encoding.ASCII.GetBytes(zone));
        Assert.True(ZoneFileReader.TryRead(file, null, builder, out ZoneFileError? error), $"{error}");
        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        Assert.Equal(ZoneContentError.None, ZoneImage.TryBuild(content, out ZoneImage? image));
        var table = new EmbeddedZoneTable();
        table.Put(image!);

        byte[] answer = Ask(new EmbeddedAnswerer(table), Query(name, RecordType.SOA), AnswerTransport.Udp);

        var reader = new MessageReader(answer);
        Assert.Equal((false, 1), (reader.Header.IsTruncated, reader.Header.AnswerCount));
    }

    [Theory]
    [InlineData("www.example.org.", RecordType.A, "NoError AA", "www.example.org. 60 IN A 192.0.2.3|www.example.org. 60 IN A 192.0.2.4")]
    [InlineData("WWW.Example.ORG.", RecordType.AAAA, "NoError AA", "www.example.org. 3600 IN AAAA 2001:db8::3")]
    [InlineData("alias.example.org.", RecordType.CNAME, "NoError AA", "alias.example.org. 3600 IN CNAME www.example.org.")]
    [InlineData(
        "chain1.example.org.", RecordType.AAAA, "NoError AA",
        "alias.example.org. 3600 IN CNAME www.example.org.|chain1.example.org. 3600 IN CNAME chain2.example.org."
        + "|chain2.example.org. 3600 IN CNAME alias.example.org.|www.example.org. 3600 IN AAAA 2001:db8::3")]
    [InlineData("out.example.org.", RecordType.A, "NoError AA", "out.example.org. 3600 IN CNAME www.example.com.")]
    [InlineData(
        "loop1.example.org.", RecordType.A, "NoError AA",
        "loop1.example.org. 3600 IN CNAME loop2.example.org.|loop2.example.org. 3600 IN CNAME loop1.example.org.")]
    [InlineData("q.wild.example.org.", RecordType.A, "NoError AA", "q.wild.example.org. 3600 IN A 192.0.2.5")]
    [InlineData("a.b.wild.example.org.", RecordType.TXT, "NoError AA", "a.b.wild.example.org. 3600 IN TXT \"wild\"")]
    [InlineData("*.wild.example.org.", RecordType.A, "NoError AA", "*.wild.example.org. 3600 IN A 192.0.2.5")]
    [InlineData(
        "www.dn.example.org.", RecordType.A, "NoError AA",
        "dn.example.org. 3600 IN DNAME target.example.org.|www.dn.example.org. 3600 IN CNAME www.target.example.org."
        + "|www.target.example.org. 3600 IN A 192.0.2.9")]
    [InlineData("dn.example.org.", RecordType.TXT, "NoError AA", "dn.example.org. 3600 IN TXT \"at the DNAME\"")]
    [InlineData(
        "secure.example.org.", RecordType.DS, "NoError AA",
        "secure.example.org. 3600 IN DS 60485 13 2 D4B7D520E7BB5F0F67674A0CCEB1E3E0614B93C4F9E99B8383F6A1E4469DA50A")]
    [InlineData("under_score.\\@.example.org.", RecordType.TXT, "NoError AA", "under_score.\\@.example.org. 3600 IN TXT \"odd\"")]
    public void Positive_answers(string name, RecordType type, string head, string answer)
    {
        AnswerView view = View(name, type);
        Assert.Equal(head, view.ToString().Split('\n')[0]);
        Assert.Equal(answer.Split('|'), view.Answer);
        Assert.Empty(view.Authority);
        Assert.Empty(view.Additional);
    }

    [Theory]
    [InlineData("example.net.", ResponseCode.ServFail)]
    [InlineData("www.example.net.", ResponseCode.ServFail)]
    [InlineData("example.org.", ResponseCode.NoError)]
    [InlineData("www.sub.example.org.", ResponseCode.ServFail)]
    [InlineData("example.com.", ResponseCode.Refused)]
    public void What_a_restart_has_not_loaded_yet_is_SERVFAIL_until_it_is_here_or_removed(string name, ResponseCode expected)
    {
        EmbeddedZoneTable zones = Table(Zone);
        DomainName[] awaited = [DomainName.Parse("example.net."), DomainName.Parse("sub.example.org.")];
        foreach (DomainName zone in awaited) zones.Await(zone);
        var answerer = new EmbeddedAnswerer(zones);
        Assert.Equal(expected, View(answerer, name, RecordType.SOA).Code);
        foreach (DomainName zone in awaited) zones.Remove(zone);
        Assert.NotEqual(ResponseCode.ServFail, View(answerer, name, RecordType.SOA).Code);
    }

    [Theory]
    [InlineData("nothere.example.org.", RecordType.A, ResponseCode.NXDomain, 0)]
    [InlineData("a.www.example.org.", RecordType.A, ResponseCode.NXDomain, 0)]
    [InlineData("dangling.example.org.", RecordType.A, ResponseCode.NXDomain, 1)]
    [InlineData("q.wilddangling.example.org.", RecordType.A, ResponseCode.NXDomain, 1)]
    [InlineData("b.deep.wild.example.org.", RecordType.A, ResponseCode.NXDomain, 0)]
    [InlineData("x.ent.example.org.", RecordType.A, ResponseCode.NXDomain, 0)]
    [InlineData("www.example.org.", RecordType.MX, ResponseCode.NoError, 0)]
    [InlineData("q.wild.example.org.", RecordType.MX, ResponseCode.NoError, 0)]
    [InlineData("host.wild.example.org.", RecordType.A, ResponseCode.NoError, 0)]
    [InlineData("deep.wild.example.org.", RecordType.A, ResponseCode.NoError, 0)]
    [InlineData("ent.example.org.", RecordType.A, ResponseCode.NoError, 0)]
    [InlineData("b.c.ent.example.org.", RecordType.A, ResponseCode.NoError, 0)]
    [InlineData("q.inner.example.org.", RecordType.A, ResponseCode.NoError, 0)]
    [InlineData("alias.example.org.", RecordType.MX, ResponseCode.NoError, 1)]
    [InlineData("sub.example.org.", RecordType.DS, ResponseCode.NoError, 0)]
    public void Negative_answers_carry_the_SOA(string name, RecordType type, ResponseCode code, int aliases)
    {
        AnswerView view = View(name, type);
        Assert.Equal((code, true), (view.Code, view.IsAuthoritative));
        Assert.Equal(aliases, view.Answer.Length);
        Assert.Equal([NegativeSoa], view.Authority);
    }

    [Theory]
    [InlineData("sub.example.org.", RecordType.NS)]
    [InlineData("a.b.sub.example.org.", RecordType.A)]
    [InlineData("ns.sub.example.org.", RecordType.A)]
    [InlineData("x.sub.example.org.", RecordType.DS)]
    public void Below_a_cut_there_is_a_referral_with_glue(string name, RecordType type)
    {
        AnswerView view = View(name, type);
        Assert.Equal((ResponseCode.NoError, false), (view.Code, view.IsAuthoritative));
        Assert.Empty(view.Answer);
        Assert.Equal(
            ["sub.example.org. 3600 IN NS ns.elsewhere.example.", "sub.example.org. 3600 IN NS ns.sub.example.org."], view.Authority);
        Assert.Equal(["ns.sub.example.org. 3600 IN A 192.0.2.7", "ns.sub.example.org. 3600 IN AAAA 2001:db8::7"], view.Additional);
    }

    [Fact]
    public void An_alias_to_below_a_cut_ends_in_a_referral_with_authority()
    {
        AnswerView view = View("tosub.example.org.", RecordType.A);
        Assert.True(view.IsAuthoritative);
        Assert.Single(view.Answer);
        Assert.Equal(2, view.Authority.Length);
    }

    [Fact]
    public void A_DNAME_that_makes_the_name_too_long_is_YXDOMAIN()
    {
        string name = string.Concat(Enumerable.Repeat(new string('a', 55) + ".", 4)) + "bbbbbbbbb.dnlong.example.org.";
        AnswerView view = View(name, RecordType.A);
        Assert.Equal(ResponseCode.YXDomain, view.Code);
        Assert.Single(view.Answer);
    }

    [Fact]
    public void ANY_gets_one_set()
    {
        AnswerView view = View("www.example.org.", RecordType.ANY);
        Assert.Equal(2, view.Answer.Length);
        Assert.All(view.Answer, line => Assert.Contains(" A ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Other_zones_and_classes_and_transfers_are_refused_with_a_reason()
    {
        foreach (byte[] query in new[]
        {
            Query("www.example.com.", RecordType.A, withEdns: true), Query("org.", RecordType.A, withEdns: true),
            Query("example.org.", RecordType.AXFR, withEdns: true),
        })
        {
            byte[] response = Ask(Answerer, query);
            Assert.Equal(ResponseCode.Refused, AnswerView.Read(response).Code);
            Assert.Equal(WireError.None, EdnsView.Find(response, out EdnsView edns));
            Assert.True(edns.TryGetExtendedError(out ExtendedErrorCode code, out _));
            Assert.Equal(ExtendedErrorCode.NotAuthoritative, code);
        }
    }

    [Fact]
    public void EDNS_is_answered_with_EDNS_and_unknown_versions_are_refused()
    {
        byte[] response = Ask(Answerer, Query("www.example.org.", RecordType.A, dnssecOk: true));
        Assert.Equal(WireError.None, EdnsView.Find(response, out EdnsView edns));
        Assert.True(edns.IsPresent && edns.DnssecOk);
        Assert.Equal(1232, edns.PayloadSize);

        EdnsView.Find(Ask(Answerer, Query("www.example.org.", RecordType.A)), out edns);
        Assert.False(edns.IsPresent);

        var writer = new MessageWriter(new byte[512], 1, 0);
        writer.TryWriteQuestion(Apex, RecordType.A);
        writer.TryWriteOpt(1232, version: 1);
        Assert.Equal(ResponseCode.BadVers, AnswerView.Read(Ask(Answerer, writer.Written.ToArray())).Code);
    }

    [Fact]
    public void What_does_not_fit_is_truncated_whole()
    {
        EmbeddedAnswerer answerer = EmbeddedSample.Answerer(
            Zone + "\n" + string.Join('\n', Enumerable.Range(0, 40).Select(i => $"big TXT \"{new string('x', 40)}{i}\"")));
        AnswerView view = AnswerView.Read(Ask(answerer, Query("big.example.org.", RecordType.TXT, withEdns: true), AnswerTransport.Udp));
        Assert.True(view.IsTruncated);
        Assert.Empty(view.Answer);
        byte[] whole = Ask(answerer, Query("big.example.org.", RecordType.TXT, withEdns: true));
        Assert.Equal(40, AnswerView.Read(whole).Answer.Length);
        Assert.InRange(Ask(answerer, Query("big.example.org.", RecordType.TXT), AnswerTransport.Udp).Length, 12, 512);
    }

    /// <summary>What signs the answer keeps room for itself, also of the 512 octets of a client without EDNS.</summary>
    [Fact]
    public void Less_room_than_a_plain_datagram_holds_an_answer_that_fits_and_else_says_so()
    {
        byte[] query = Query("www.example.org.", RecordType.A);
        var room = new byte[400];
        AnswerView whole = AnswerView.Read(room.AsSpan(0, Answerer.Answer(query, room, AnswerTransport.Udp)));
        AnswerView cut = AnswerView.Read(room.AsSpan(0, Answerer.Answer(query, room.AsSpan(0, 50), AnswerTransport.Udp)));
        Assert.Equal((2, false), (whole.Answer.Length, whole.IsTruncated));
        Assert.Equal((0, true), (cut.Answer.Length, cut.IsTruncated));
    }

    [Fact]
    public void The_deepest_zone_answers_and_DS_belongs_to_its_parent()
    {
        const string Child = "$TTL 5\nsecure.example.org. SOA ns hm 1 2 3 4 5\nwww.secure A 192.0.2.77\nsecure NS ns.secure\n";
        EmbeddedAnswerer answerer = EmbeddedSample.Answerer(Zone, Child);
        AnswerView address = AnswerView.Read(Ask(answerer, Query("www.secure.example.org.", RecordType.A)));
        Assert.True(address.IsAuthoritative);
        Assert.Equal(["www.secure.example.org. 5 IN A 192.0.2.77"], address.Answer);
        Assert.Single(AnswerView.Read(Ask(answerer, Query("secure.example.org.", RecordType.DS))).Answer);
    }

    [Fact]
    public void A_zone_that_is_taken_away_is_refused_again()
    {
        var table = new EmbeddedZoneTable();
        var answerer = new EmbeddedAnswerer(table);
        table.Put(Image(new MemoryStream(System.Text.Encoding.ASCII.GetBytes(Zone))));
        Assert.Equal(ResponseCode.NoError, AnswerView.Read(Ask(answerer, Query("example.org.", RecordType.SOA))).Code);
        Assert.True(table.Remove(DomainName.Parse("EXAMPLE.org")));
        Assert.False(table.Remove(Apex));
        Assert.Equal(ResponseCode.Refused, AnswerView.Read(Ask(answerer, Query("example.org.", RecordType.SOA))).Code);
    }

    [Fact]
    public void Damaged_queries_never_throw()
    {
        var random = new Random(2);
        var response = new byte[1232];
        for (int round = 0; round < 20000; round++)
        {
            byte[] query = Query("a.b.wild.example.org.", RecordType.TXT, dnssecOk: true);
            for (int damage = random.Next(4); damage > 0; damage--)
                query[random.Next(query.Length)] = (byte)random.Next(256);
            int room = random.Next(12, response.Length + 1);
            Assert.InRange(Answerer.Answer(query, response.AsSpan(0, room), AnswerTransport.Udp), 12, room);
        }
    }

    [Fact]
    public void A_query_allocates_nothing()
    {
        byte[][] queries =
        [
            Query("www.example.org.", RecordType.A), Query("nothere.example.org.", RecordType.A, dnssecOk: true),
            Query("a.b.sub.example.org.", RecordType.A), Query("chain1.example.org.", RecordType.A),
            Query("www.dn.example.org.", RecordType.A), Query("q.wild.example.org.", RecordType.A),
        ];
        var response = new byte[1232];
        AskAll(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        AskAll(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void AskAll(int rounds)
        {
            for (int i = 0; i < rounds; i++)
            {
                foreach (byte[] query in queries)
                    Answerer.Answer(query, response, AnswerTransport.Udp);
            }
        }
    }

    private static AnswerView View(EmbeddedAnswerer answerer, string name, RecordType type) =>
        AnswerView.Read(Ask(answerer, Query(name, type)));

    private static AnswerView View(string name, RecordType type) => AnswerView.Read(Ask(Answerer, Query(name, type)));
}
