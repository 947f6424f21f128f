use super::*;
use std::sync::atomic::AtomicU32;

/// Every chunk of every phase is done exactly once, by a thread below the team's number, before the next phase begins.
fn phases(team: &Team, count: u32) {
    let mut session = team.enter().expect("nobody else leads");
    let threads = session.threads();
    for phase in 0..count {
        let chunks = phase % 9;
        let done: Vec<AtomicU32> = (0..chunks).map(|_| AtomicU32::new(0)).collect();
        session
            .run(chunks, &|chunk, thread| {
                assert!(thread < threads);
                done[chunk as usize].fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
        assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }
}

#[test]
fn does_every_chunk_once() {
    for threads in [1, 2, 3, 7] {
        phases(&Team::new(threads), 20_000);
    }
}

#[test]
fn wakes_workers_that_sleep() {
    let team = Team::new(3);
    for _ in 0..20 {
        phases(&team, 10);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

#[test]
fn workers_take_part() {
    let team = Team::new(2);
    let mut session = team.enter().unwrap();
    let others = AtomicU32::new(0);
    session
        .run(50, &|_, thread| {
            std::thread::sleep(std::time::Duration::from_millis(1));
            others.fetch_add(thread as u32, Ordering::Relaxed);
        })
        .unwrap();
    assert!(others.into_inner() > 0);
}

#[test]
fn grows_and_shrinks_between_sessions() {
    let team = Team::new(1);
    for threads in [3, 1, 2, 5, 2] {
        team.set_threads(threads);
        assert_eq!(team.enter().unwrap().threads(), threads);
        phases(&team, 500);
    }
    team.set_threads(0);
    assert_eq!(team.enter().unwrap().threads(), 1);
}

#[test]
fn a_second_leader_is_turned_away() {
    let team = Team::new(2);
    let session = team.enter().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(team.enter().is_none()));
    });
    drop(session);
    assert!(team.enter().is_some());
}

#[test]
fn a_panic_is_reported_when_the_other_chunks_are_done() {
    for threads in [1, 3] {
        let team = Team::new(threads);
        let mut session = team.enter().unwrap();
        let done = AtomicU32::new(0);
        let result = session.run(40, &|chunk, _| {
            done.fetch_add(1, Ordering::Relaxed);
            assert!(chunk != 7, "chunk seven, on purpose");
        });
        assert_eq!(result, Err(PanicMessage("chunk seven, on purpose".into())));
        assert_eq!(done.into_inner(), 40);
        assert_eq!(session.run(3, &|_, _| ()), Ok(()));
    }
}

#[test]
fn workers_flush_denormals() {
    if cfg!(target_arch = "x86_64") {
        let team = Team::new(2);
        let mut session = team.enter().unwrap();
        session
            .run(50, &|_, thread| {
                std::thread::sleep(std::time::Duration::from_millis(1));
                let half = std::hint::black_box(f32::MIN_POSITIVE) * std::hint::black_box(0.5);
                assert!(thread == 0 || half == 0.0);
            })
            .unwrap();
    }
}
