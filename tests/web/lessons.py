"""An exercise of the tests' own, and how they begin it."""

NASTY = "<script>alert('x')</script>"
TEXT = f"""
scenario: test-exercise
title: "{NASTY}"
facility: block-2n-24
until: 20m
seed: 7
controls:
  - generator_a.start
  - ups_a.bypass
  - utility_b.set_fault
steps:
  - at: 0s
    say: "{NASTY}"
  - at: 0s
    id: which
    predict:
      ask: "Which racks go dark?"
      choices: [none, side A]
      answer: none
      because: The UPS carries them.
      freeze: true
      points: 2
  - after: 1s
    malfunction: {{node: utility_a, kind: outage}}
  - at: 600s
    say: the end
"""


def begin(browser, lesson, **options):
    answer = browser.post("/api/v1/exercise", json={"scenario": lesson, **options})
    assert answer.status_code == 200, answer.text
    return answer.json()["exercise"]


def status(browser):
    return browser.get("/api/v1/exercise").json()["exercise"]
