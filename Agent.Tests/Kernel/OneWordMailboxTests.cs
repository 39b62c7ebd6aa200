using Agent.Actors.Kernel;

namespace Agent.Tests.Kernel;

/// <summary>
/// The mailbox word under real threads: the one part of the kernel whose errors the simulation cannot see. What is asserted are counts and
/// orders, never times.
/// </summary>
public sealed class OneWordMailboxTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(16)]
    public async Task Everything_posted_is_handled_once_in_order_by_one_turn_at_a_time(int posterCount)
    {
        const int MailsPerPoster = 20_000;
        StressMailbox mailbox = new(posterCount, posterCount * MailsPerPoster);
        Task[] posters = [.. Enumerable.Range(0, posterCount).Select(poster => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < MailsPerPoster; i++)
                {
                    // Every hundredth is system mail, which overtakes messages but not other system mail.
                    bool isTaken = i % 100 == 99
                        ? mailbox.PostSystem(new NumberedSystemMail(poster, i))
                        : mailbox.Post(new UserMail((poster, i), sender: null));
                    Assert.True(isTaken);
                    // Lets the mailbox go idle now and then, which is where a wake-up could be lost.
                    if (i % 1000 == 0) Thread.Yield();
                }
            },
            TaskCreationOptions.LongRunning))];
        await Task.WhenAll(posters).WaitAsync(Patience);
        await mailbox.AllHandled.WaitAsync(Patience);
        Assert.Empty(mailbox.Violations);
        Assert.Equal(posterCount * MailsPerPoster, mailbox.HandledCount);
    }

    [Fact]
    public async Task A_lonely_mail_always_wakes_the_mailbox()
    {
        // One mail at a time, each posted when the mailbox is about to go idle after the one before.
        const int Rounds = 5000;
        StressMailbox mailbox = new(posterCount: 1, Rounds);
        for (int i = 0; i < Rounds; i++)
        {
            mailbox.Post(new UserMail((0, i), sender: null));
            SpinWait spin = default;
            while (Volatile.Read(ref mailbox.HandledCount) <= i) spin.SpinOnce(sleep1Threshold: -1);
        }
        await mailbox.AllHandled.WaitAsync(Patience);
        Assert.Empty(mailbox.Violations);
    }

    [Fact]
    public async Task Suspension_holds_messages_back_and_system_mail_ends_it()
    {
        const int Mails = 2000;
        StressMailbox mailbox = new(posterCount: 1, Mails + 100);
        Task toggler = Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < 100; i++)
                {
                    mailbox.PostSystem(new ToggleMail());
                    Thread.Yield();
                }
            },
            TaskCreationOptions.LongRunning);
        for (int i = 0; i < Mails; i++) mailbox.Post(new UserMail((0, i), sender: null));
        await toggler.WaitAsync(Patience);
        await mailbox.AllHandled.WaitAsync(Patience);
        Assert.Empty(mailbox.Violations);
    }

    [Fact]
    public void System_mail_that_comes_within_a_turn_overtakes_the_messages_that_wait_for_it()
    {
        TurnByHand mailbox = new((mailbox, number) =>
        {
            if (number == 1) mailbox.PostSystem(new NumberedSystemMail(0, 100));
            if (number == 2) mailbox.Post(new UserMail(4, sender: null));
        });
        for (int i = 0; i < 4; i++) mailbox.Post(new UserMail(i, sender: null));
        Assert.False(mailbox.RunTurn(OneWordMailbox.Quantum));
        Assert.Equal([0, 1, 100, 2, 3, 4], mailbox.Handled);
    }

    [Fact]
    public void Messages_that_wait_for_the_end_of_a_suspension_keep_their_place_before_those_that_come_meanwhile()
    {
        TurnByHand mailbox = new((mailbox, number) =>
        {
            if (number == 1) mailbox.PostSystem(new ToggleMail());
        });
        // Comes when the turn is about to leave, with a message left that it may not take.
        mailbox.Suspended += () => mailbox.Post(new UserMail(3, sender: null));
        for (int i = 0; i < 3; i++) mailbox.Post(new UserMail(i, sender: null));
        Assert.False(mailbox.RunTurn(OneWordMailbox.Quantum));
        mailbox.Post(new UserMail(4, sender: null));
        Assert.False(mailbox.RunTurn(OneWordMailbox.Quantum));
        Assert.Equal([0, 1], mailbox.Handled);

        mailbox.PostSystem(new ToggleMail());
        Assert.False(mailbox.RunTurn(OneWordMailbox.Quantum));
        Assert.Equal([0, 1, 2, 3, 4], mailbox.Handled);
        Assert.Equal(3, mailbox.ScheduledCount);
    }

    [Fact]
    public async Task Actors_under_fire_lose_nothing_while_they_fail_restart_and_are_watched()
    {
        ActorSystem system = ActorSystem.Create("fire");
        const int Total = 30_000;
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int handled = 0;
        IActorRef target = system.ActorOf(Script.Of((_, message) =>
        {
            int count = Interlocked.Increment(ref handled);
            if (count == Total) done.SetResult();
            if ((int)message % 1000 == 0) throw new InvalidOperationException("on request");
        }));
        Task[] posters = [.. Enumerable.Range(0, 3).Select(poster => Task.Factory.StartNew(
            () =>
            {
                for (int i = 0; i < Total / 3; i++) target.Tell((i * 3) + poster);
            },
            TaskCreationOptions.LongRunning))];
        await Task.WhenAll(posters).WaitAsync(Patience);
        await done.Task.WaitAsync(Patience);
        await system.Terminate().WaitAsync(Patience);
        Assert.Equal(Total / 1000, system.Counters.Failed);
        Assert.Equal(system.Counters.Failed, system.Counters.DeadLetters);
        Assert.Equal(Total, handled);
    }

    [Fact]
    public async Task Trees_stop_completely_while_they_are_being_watched()
    {
        for (int round = 0; round < 30; round++)
        {
            ActorSystem system = ActorSystem.Create("trees");
            IActorRef root = system.ActorOf(Script.Tree(depth: 4, width: 3));
            int notices = 0;
            TaskCompletionSource all = new(TaskCreationOptions.RunContinuationsAsynchronously);
            for (int i = 0; i < 8; i++)
            {
                system.ActorOf(Script.Of(
                    (_, _) =>
                    {
                        if (Interlocked.Increment(ref notices) == 8) all.SetResult();
                    },
                    started: self => self.Surroundings.Watch(root)));
            }
            system.Stop(root);
            await all.Task.WaitAsync(Patience);
            await system.Terminate().WaitAsync(Patience);
            Assert.Equal(8, notices);
            Assert.Equal(system.Counters.Started, system.Counters.Stopped - 1);
        }
    }

    private sealed class NumberedSystemMail(int poster, int number) : SystemMail
    {
        internal readonly int Poster = poster;
        internal readonly int Number = number;
    }

    private sealed class ToggleMail : SystemMail;

    /// <summary>A mailbox whose turns the test runs itself; it notes the numbers of what it handles.</summary>
    private sealed class TurnByHand(Action<OneWordMailbox, int> onMessage) : OneWordMailbox
    {
        internal readonly List<int> Handled = [];
        internal int ScheduledCount;

        internal event Action? Suspended;

        private bool _isSuspended;
        private bool _systemMailCame;

        protected override ref bool SystemMailCame => ref _systemMailCame;

        protected override bool TakesMessages => !_isSuspended;

        internal override bool RunTurn(int quantum) => Run(quantum);

        protected override void ScheduleTurn() => ScheduledCount++;

        protected override void OnSystemMail(SystemMail mail)
        {
            if (mail is NumberedSystemMail numbered)
            {
                Handled.Add(numbered.Number);
                return;
            }

            _isSuspended = !_isSuspended;
            if (_isSuspended) Suspended?.Invoke();
        }

        protected override void OnMail(Mail mail)
        {
            int number = (int)((UserMail)mail).Message;
            Handled.Add(number);
            onMessage(this, number);
        }
    }

    private sealed class StressMailbox(int posterCount, int expected) : OneWordMailbox
    {
        internal readonly List<string> Violations = [];
        internal int HandledCount;

        private readonly TaskCompletionSource _allHandled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly int[] _lastUser = [.. Enumerable.Repeat(-1, posterCount)];
        private readonly int[] _lastSystem = [.. Enumerable.Repeat(-1, posterCount)];
        private int _inMail;
        private bool _isSuspended;
        private bool _systemMailCame;

        internal Task AllHandled => _allHandled.Task;

        protected override ref bool SystemMailCame => ref _systemMailCame;

        protected override bool TakesMessages => !_isSuspended;

        internal override bool RunTurn(int quantum) => Run(quantum);

        protected override void ScheduleTurn() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

        protected override void OnSystemMail(SystemMail mail)
        {
            Enter();
            if (mail is ToggleMail) _isSuspended = !_isSuspended;
            else if (mail is NumberedSystemMail numbered) Note(_lastSystem, numbered.Poster, numbered.Number);
            Count();
        }

        protected override void OnMail(Mail mail)
        {
            Enter();
            if (_isSuspended) Violations.Add("a message while suspended");
            (int poster, int number) = ((int, int))((UserMail)mail).Message;
            Note(_lastUser, poster, number);
            Count();
        }

        // Only around a mail: when Run has let go of the word, the next turn may begin before this one has returned.
        private void Enter()
        {
            if (Interlocked.Exchange(ref _inMail, 1) != 0) Violations.Add("two turns at once");
        }

        private void Note(int[] last, int poster, int number)
        {
            if (number <= last[poster]) Violations.Add($"poster {poster}: {number} after {last[poster]}");
            last[poster] = number;
        }

        // Not atomic on purpose: two turns at once would lose counts.
        private void Count()
        {
            int count = HandledCount + 1;
            Interlocked.Exchange(ref _inMail, 0);
            Volatile.Write(ref HandledCount, count);
            if (count == expected) _allHandled.SetResult();
        }
    }
}
