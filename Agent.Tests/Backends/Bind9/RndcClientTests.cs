using System.Collections.Concurrent;
using Agent.Backends.Bind9;

namespace Agent.Tests.Backends.Bind9;

public sealed class RndcClientTests
{
    private static readonly RndcKey Key = ScriptedNamed.NewKey();

    [Fact]
    public async Task Many_commands_share_few_connections_and_no_serial_is_used_twice()
    {
        ConcurrentBag<string> serials = [];
        await using ScriptedNamed named = new(Key, command =>
        {
            serials.Add(command.Serial);
            string? nonce = command.Body.Table("_ctrl")!.Text("_nonce");
            return Task.FromResult<byte[]?>(nonce == (command.IsGreeting ? null : ScriptedNamed.Nonce) ? command.Done(command.Text) : null);
        });
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);

        RndcReply[] replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(
            i => client.CallAsync($"command {i}", i % 2 == 0 ? RndcLane.Changes : RndcLane.Questions, CancellationToken.None)));

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"command {i}"), replies.Select(reply => reply.Text));
        Assert.InRange(named.Connections, 2, RndcClient.ChangeConnections + RndcClient.QuestionConnections);
        Assert.Equal(200 + named.Connections, serials.Distinct().Count());
    }

    [Fact]
    public async Task A_slow_change_does_not_hold_up_questions()
    {
        TaskCompletionSource release = new();
        await using ScriptedNamed named = new(Key, async command =>
        {
            if (command.Text == "slow")
                await release.Task;
            return command.Done(command.Text);
        });
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);

        Task<RndcReply> slow = client.CallAsync("slow", RndcLane.Changes, CancellationToken.None);
        Assert.Equal("quick", (await client.CallAsync("quick", RndcLane.Questions, CancellationToken.None)).Text);
        Assert.False(slow.IsCompleted);
        release.SetResult();
        Assert.Equal("slow", (await slow).Text);
    }

    [Fact]
    public async Task A_connection_closed_while_idle_is_made_anew_once()
    {
        await using ScriptedNamed named = new(Key, command => Task.FromResult(
            command.Connection == 1 && command.Message == 2 ? null : command.Done($"connection {command.Connection}")));
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);

        Assert.Equal("connection 1", (await client.CallAsync("a", RndcLane.Changes, CancellationToken.None)).Text);
        Assert.Equal("connection 2", (await client.CallAsync("b", RndcLane.Changes, CancellationToken.None)).Text);
    }

    [Fact]
    public async Task A_command_that_always_closes_the_connection_is_not_repeated_for_ever()
    {
        await using ScriptedNamed named = new(Key, command => Task.FromResult(command.Text == "crash" ? null : command.Done()));
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);
        await client.CallAsync("fine", RndcLane.Changes, CancellationToken.None);

        RndcException error = await Assert.ThrowsAsync<RndcException>(
            () => client.CallAsync("crash", RndcLane.Changes, CancellationToken.None));

        Assert.True(error.IsClosed);
        Assert.Equal(2, named.Connections);
        Assert.Equal(RndcVerdict.Done, (await client.CallAsync("fine", RndcLane.Changes, CancellationToken.None)).Verdict);
    }

    [Fact]
    public async Task A_greeting_without_answer_says_what_may_be_wrong()
    {
        await using ScriptedNamed named = new(Key, _ => Task.FromResult<byte[]?>(null));
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);

        RndcException error = await Assert.ThrowsAsync<RndcException>(
            () => client.CallAsync("status", RndcLane.Questions, CancellationToken.None));

        Assert.All(
            (string[])["secret", "algorithm", "controls", "clocks"],
            word => Assert.Contains(word, error.Message, StringComparison.Ordinal));
        Assert.Equal(1, named.Connections);
    }

    [Fact]
    public async Task Nobody_listening_is_said_with_the_address()
    {
        RndcEndpoint endpoint;
        await using (ScriptedNamed named = new(Key, _ => Task.FromResult<byte[]?>(null)))
            endpoint = named.Endpoint;
        await using RndcClient client = new(() => endpoint, TimeProvider.System);

        RndcException error = await Assert.ThrowsAsync<RndcException>(
            () => client.CallAsync("status", RndcLane.Questions, CancellationToken.None));
        Assert.Contains(endpoint.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_late_answer_is_never_taken_for_that_of_the_next_command()
    {
        TaskCompletionSource release = new();
        await using ScriptedNamed named = new(Key, async command =>
        {
            if (command.Text == "slow")
                await release.Task;
            return command.Done(command.Text);
        });
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);
        using CancellationTokenSource deadline = new();

        Task<RndcReply> slow = client.CallAsync("slow", RndcLane.Changes, deadline.Token);
        await deadline.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => slow);
        release.SetResult();

        Assert.Equal("next", (await client.CallAsync("next", RndcLane.Changes, CancellationToken.None)).Text);
    }

    [Fact]
    public async Task An_idle_connection_is_closed_before_named_complains_of_it()
    {
        await using ScriptedNamed named = new(Key, command => Task.FromResult<byte[]?>(command.Done($"connection {command.Connection}")));
        HandDrivenTimers time = new();
        await using RndcClient client = new(() => named.Endpoint, time);

        Assert.Equal("connection 1", (await client.CallAsync("a", RndcLane.Changes, CancellationToken.None)).Text);
        Assert.Equal("connection 1", (await client.CallAsync("b", RndcLane.Changes, CancellationToken.None)).Text);
        Assert.InRange(time.LongestDue, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(29));
        time.FireAll();
        Assert.Equal("connection 2", (await client.CallAsync("c", RndcLane.Changes, CancellationToken.None)).Text);
    }

    public static TheoryData<string> HostileAnswers =>
        ["other serial", "other nonce", "unsigned", "other key", "zero length", "huge length", "version", "request", "two at once"];

    [Theory]
    [MemberData(nameof(HostileAnswers))]
    public async Task Hostile_answers_end_the_connection_with_an_error(string kind)
    {
        Assert.True(RndcKey.TryCreate("k", "hmac-sha256", "b3RoZXI=", out RndcKey? otherKey, out _));
        await using ScriptedNamed named = new(Key, command => Task.FromResult<byte[]?>(
            command.IsGreeting ? command.Done() : Hostile(kind, command, otherKey)));
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);

        RndcException error = await Assert.ThrowsAsync<RndcException>(
            () => client.CallAsync("status", RndcLane.Questions, CancellationToken.None));
        Assert.False(error.IsClosed);
        await Assert.ThrowsAsync<RndcException>(
            () => client.CallAsync("status", RndcLane.Questions, CancellationToken.None));
        Assert.Equal(2, named.Connections);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(100_000)]
    public async Task An_answer_comes_whole_whatever_its_length(int length)
    {
        string text = new('x', length);
        await using ScriptedNamed named = new(
            Key, command => Task.FromResult<byte[]?>(command.Done(command.Text == "long" ? text : "short")));
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);

        foreach (string command in (string[])["short", "long", "short"])
        {
            RndcReply reply = await client.CallAsync(command, RndcLane.Questions, CancellationToken.None);
            Assert.Equal(command == "long" ? text : "short", reply.Text);
        }

        Assert.Equal(1, named.Connections);
    }

    [Fact]
    public async Task A_command_longer_than_named_reads_is_not_sent()
    {
        await using ScriptedNamed named = new(Key, command => Task.FromResult<byte[]?>(command.Done()));
        await using RndcClient client = new(() => named.Endpoint, TimeProvider.System);

        await Assert.ThrowsAsync<RndcException>(() => client.CallAsync(new string('x', 40000), RndcLane.Changes, CancellationToken.None));
    }

    private static byte[] Hostile(string kind, ScriptedCommand command, RndcKey otherKey)
    {
        byte[] good = command.Done();
        switch (kind)
        {
            case "other serial":
                return command.Answer("1", ScriptedNamed.Nonce, "0", "", "");
            case "other nonce":
                return command.Answer(command.Serial, "1", "0", "", "");
            case "request":
                return RndcCodec.Encode(command.Body, command.Server.Key);
            case "other key":
                return RndcCodec.Encode(command.Body, otherKey);
            case "two at once":
                return [.. good, .. good];
            case "zero length":
                return new byte[4];
            case "huge length":
                return [0x7f, 0xff, 0xff, 0xff];
            case "version":
                good[7] = 2;
                return good;
            default:
                good[^1] ^= 1;
                return good;
        }
    }
}
