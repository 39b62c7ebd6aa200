using Agent.Actors.Listeners;
using Agent.Dns.Wire;
using Agent.Host.Sockets;
using Agent.Tests.Listeners;

namespace Agent.Tests.Sockets;

public sealed class RelayTableTests
{
    [Theory]
    [InlineData(3)]
    [InlineData(500)]
    public void Ids_are_fresh_and_answers_find_their_client(int capacity)
    {
        var table = new RelayTable(capacity);
        var forwarded = new List<byte[]>();
        for (int index = 0; index < capacity; index++)
        {
            forwarded.Add(Open(table, $"n{index}.example.", 100)!);
        }
        Assert.Null(Open(table, "full.example.", 100));
        Assert.Equal(capacity, forwarded.Select(query => (query[0] << 8) | query[1]).Distinct().Count());
        Assert.All(forwarded, query => Assert.Equal(0, query[2] & 1));
        foreach (byte[] query in Enumerable.Reverse(forwarded))
        {
            byte[] answer = FakeUpstream.Answer(query);
            int slot = table.Match(answer);
            Assert.True(slot >= 0);
            table.Restore(slot, answer);
            Assert.Equal(new byte[] { 0x12, 0x34, 0x85 }, answer[..3]);
            table.Close(slot);
            Assert.Equal(-1, table.Match(FakeUpstream.Answer(query)));
        }
        Assert.Equal(0, table.OpenCount);
        Assert.NotNull(Open(table, "again.example.", 100));
    }

    [Fact]
    public void Only_the_right_id_with_the_right_question_is_an_answer()
    {
        var table = new RelayTable(8);
        byte[] query = Open(table, "www.example.", 100)!;
        byte[] good = FakeUpstream.Answer(query);
        Assert.True(table.Match(good) >= 0);
        Assert.True(table.Match([.. good, 1, 2, 3]) >= 0);
        Assert.Equal(-1, table.Match(query));
        Assert.Equal(-1, table.Match(Change(good, 0, (byte)(good[0] ^ 1))));
        Assert.Equal(-1, table.Match(Change(good, 14, (byte)'x')));
        Assert.True(table.Match(Change(good, 14, (byte)'W')) >= 0);
        Assert.Equal(-1, table.Match(Change(good, good.Length - 3, 28)));
        Assert.Equal(-1, table.Match(Change(good, good.Length - 1, 3)));
        Assert.Equal(-1, table.Match(Change(good, 5, 0)));
        Assert.Equal(-1, table.Match(Change(good, 5, 2)));
        Assert.Equal(-1, table.Match(Change(good, 2, 0xA4)));
        for (int length = 0; length < good.Length; length++)
        {
            Assert.Equal(-1, table.Match(good.AsSpan(0, length)));
        }
    }

    /// <summary>NSD answers so when it does not know the query's key, or finds records where none belong.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    public void An_error_may_come_without_a_question_but_only_by_the_right_id_and_way(byte responseCode)
    {
        var table = new RelayTable(8);
        byte[] query = Requests.Query("www.example.");
        byte[] forwarded = new byte[query.Length];
        Assert.True(table.TryOpen(query, default, new RelayHints(query.Length, false, false), 100, forwarded, path: 2));
        byte[] error = [forwarded[0], forwarded[1], 0x80, responseCode, 0, 0, 0, 0, 0, 0, 0, 0];
        Assert.True(table.Match(error, path: 2) >= 0);
        Assert.True(table.Match(Change([.. error, .. Requests.Tsig("foreign.")], 11, 1), path: 2) >= 0);
        Assert.Equal(-1, table.Match(error, path: 3));
        Assert.Equal(-1, table.Match(Change(error, 1, (byte)(error[1] ^ 1)), path: 2));
        Assert.Equal(-1, table.Match(Change(error, 2, 0), path: 2));
        Assert.Equal(-1, table.Match(Change(error, 3, 0), path: 2));
        Assert.Equal(-1, table.Match(Change(error, 7, 1), path: 2));
        Assert.Equal(-1, table.Match(Change(error, 9, 1), path: 2));
    }

    [Fact]
    public void An_answer_must_come_the_way_the_query_went()
    {
        var table = new RelayTable(8);
        byte[] query = Requests.Query("www.example.");
        byte[] forwarded = new byte[query.Length];
        Assert.True(table.TryOpen(query, default, new RelayHints(query.Length, false, false), 100, forwarded, path: 2));
        Assert.Equal(-1, table.Match(FakeUpstream.Answer(forwarded)));
        Assert.Equal(-1, table.Match(FakeUpstream.Answer(forwarded), path: 3));
        Assert.True(table.Match(FakeUpstream.Answer(forwarded), path: 2) >= 0);
    }

    [Fact]
    public void Queries_are_numbered_in_the_order_in_which_they_came()
    {
        var table = new RelayTable(3);
        byte[] first = Open(table, "a.example.", 10)!;
        long number = table.NewestNumber;
        Open(table, "b.example.", 10);
        Assert.False(table.IsFull);
        Open(table, "c.example.", 10);
        Assert.True(table.IsFull);
        Assert.Equal(table.Match(FakeUpstream.Answer(first)), table.OpenedUpTo(number));
        table.Close(table.OpenedUpTo(number));
        Assert.Equal(-1, table.OpenedUpTo(number));
        Assert.Equal(table.Oldest, table.OpenedUpTo(number + 1));
    }

    [Fact]
    public void Type_and_class_are_not_folded_like_letters()
    {
        var table = new RelayTable(8);
        byte[] query = Open(table, "www.example.", 100, type: 0x41)!;
        byte[] answer = FakeUpstream.Answer(query);
        answer[^3] = 0x61;
        Assert.Equal(-1, table.Match(answer));
    }

    [Fact]
    public void Queries_run_out_of_time_in_order()
    {
        var table = new RelayTable(8);
        byte[] first = Open(table, "a.example.", 10)!;
        Open(table, "b.example.", 20);
        Open(table, "c.example.", 30);
        table.Close(table.Match(FakeUpstream.Answer(first)));
        Assert.Equal(-1, table.Expired(19));
        byte[] reply = new byte[512];
        int slot = table.Expired(25);
        int length = table.WriteFailure(slot, reply, ExtendedErrorCode.NoReachableAuthority);
        Assert.Equal(0x8102, Requests.FlagsOf(reply));
        Assert.Equal(0x12, reply[0]);
        var reader = new MessageReader(reply.AsSpan(0, length));
        Assert.True(reader.TryReadQuestion(out QuestionView question));
        Assert.Equal("b.example.", question.ToName()!.ToString());
        table.Close(slot);
        Assert.Equal(-1, table.Expired(25));
        Assert.Equal(1, table.OpenCount);
    }

    [Fact]
    public void A_signed_query_changes_nothing_but_its_id()
    {
        var table = new RelayTable(8);
        byte[] query = Requests.Query(additional: Requests.Tsig("foreign."));
        byte[] forwarded = new byte[512];
        Assert.True(table.TryOpen(query, default, new RelayHints(33, false, IsSigned: true), 1, forwarded));
        Assert.Equal(query[2..], forwarded[2..query.Length]);
    }

    [Fact]
    public void Steady_use_allocates_nothing()
    {
        var table = new RelayTable(128);
        byte[] query = Requests.Query();
        byte[] forwarded = new byte[512];
        var hints = new RelayHints(query.Length, false, false);
        long Measure()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int round = 0; round < 1000; round++)
            {
                table.TryOpen(query, default, hints, round, forwarded);
                forwarded[2] |= 0x80;
                if (round % 2 == 0)
                {
                    // Every other answer is an error without a question.
                    forwarded[3] = 1;
                    forwarded[5] = 0;
                }
                int slot = table.Match(forwarded.AsSpan(0, query.Length));
                table.Restore(slot, forwarded);
                table.Close(slot);
            }
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        Measure();
        Assert.Equal(0, Measure());
    }

    private static byte[]? Open(RelayTable table, string name, long deadlineMs, ushort type = 1)
    {
        byte[] query = Requests.Query(name, type);
        byte[] forwarded = new byte[query.Length];
        return table.TryOpen(query, default, new RelayHints(query.Length, false, false), deadlineMs, forwarded) ? forwarded : null;
    }

    private static byte[] Change(byte[] message, int offset, byte value)
    {
        byte[] changed = [.. message];
        changed[offset] = value;
        return changed;
    }
}
