from engine.train.curve import draw


def test_a_log_becomes_a_picture(tmp_path):
    log = tmp_path / "log.csv"
    log.write_text("step,loss\n50,4.5\n100,1.9\n150,0.8\n")
    draw(log, tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
